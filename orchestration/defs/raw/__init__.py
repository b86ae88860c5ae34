"""The raw tables and the image store: where the flow begins."""
