"""What imaging devices emit: the files in their folder, measured and stored."""
