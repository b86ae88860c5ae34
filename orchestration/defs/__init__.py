"""Dagster's view: a folder per stage of the flow, a module per Dagster noun. All work is done by the rooms."""
