"""Exports: clean images with annotations, a generation at a time."""
