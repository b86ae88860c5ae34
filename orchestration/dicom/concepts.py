"""Coded concepts (PS3.3 8)."""

Code = tuple[str, str, str]
"""Code Value, Coding Scheme Designator and Code Meaning."""

OWN_SCHEME = "99DOUBLEREAD"
"""The designator of doubleread's own codes; PS3.3 8.2 reserves those that begin with 99 for private schemes."""
