"""Versions of an export: what distinguishes two of them and why, and building an old one again.

A version is a generation, which its content names. ``records`` keeps what each publication was made with, ``naming``
finds the version that a person means, ``comparing`` tells two apart by their files alone, ``causes`` finds the readings
behind the differences in the history that dbt keeps, ``listing`` tells what each publication changed, and
``rebuilding``
makes a version again from the database of today.
"""
