"""The training set as a whole: its manifest, and the jobs that make it."""
