"""What runs the service asks for: is it alive, is it ready, its figures, its schema."""
