"""Errors that end a command: each is one sentence that says what a person must put right."""


class DoublereadError(Exception):
    """Nothing can be done until a person changes something; the command line exits with status 2."""


class SettingsError(DoublereadError):
    """A setting is missing or wrong; the message names it and never repeats a secret."""


def install_extra(need: str, extra: str) -> str:
    """What needs a package that is not installed, such as ``the job 3dblur needs SciPy``, and how to install it."""
    return f"{need}: pip install 'doubleread[{extra}]'"
