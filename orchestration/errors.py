"""Errors that end a command: each is one sentence that says what a person must put right."""


class DoublereadError(Exception):
    """Nothing can be done until a person changes something; the command line exits with status 2."""


class SettingsError(DoublereadError):
    """A setting is missing or wrong; the message names it and never repeats a secret."""
