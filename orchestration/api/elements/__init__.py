"""Processing results: elements from imaging devices, with the averages that ``measurements`` computes and stores."""
