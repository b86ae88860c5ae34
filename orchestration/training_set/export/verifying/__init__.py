"""Checking a copy of what was exported or drawn: offline, without a database, for whoever receives one.

Entry point: :func:`orchestration.training_set.export.verifying.verification.verify`. ``tree`` lists what lies there and
reads it, ``locating`` finds the generation, ``placement`` compares files and links with the manifest, ``tasks`` is what
workers do, ``formats`` is the table of what is compared with what, with a module for each format.
"""
