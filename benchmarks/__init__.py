"""Every claim about speed, runnable by anyone: ``make bench`` or ``python -m benchmarks [NAME ...]``."""
