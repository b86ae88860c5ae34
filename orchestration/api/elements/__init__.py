"""Processing results: elements that imaging devices emit, with the averages that ``measurements`` computes and stores."""
