"""Inference jobs: submitted here, run by Dagster."""
