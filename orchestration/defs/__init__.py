"""Dagster's view: a folder per stage of the flow, a module per Dagster noun. All work is done by the rooms."""

import warnings

import dagster as dg

# Backfill policies are in beta; the version of Dagster is fixed, and a test holds what they do for us.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
