"""Inference jobs: submitted here, run by Dagster, so that they outlive the service and show in Dagster's page."""
