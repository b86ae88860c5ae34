"""Dagster's view: a folder per stage of the flow, a module per Dagster noun. All work is done by the rooms."""

import warnings

import dagster as dg

# Backfill policies are in beta, loading from a package is a preview; the version of Dagster is fixed, and tests hold
# what both do for us.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
