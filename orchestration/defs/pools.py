"""Pools: of the runs that work on one thing, Dagster starts one and leaves the others queued.

Without them a second run starts, holds one of the few places for runs, and waits for the first one's lock. The locks
stay: they keep out what Dagster does not start.
"""

MARTS = "marts"
TRAINING_SET = "training_set"
CASES = "cases"
ARCHIVES = "archives"
INFERENCE = "inference"
