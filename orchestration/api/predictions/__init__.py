"""Predictions: the scores that jobs gave to slices and volumes."""
