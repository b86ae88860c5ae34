"""The key with which Django signs sessions: a setting, or made once and kept below ``DOUBLEREAD_HOME``."""

import os
import secrets
from pathlib import Path

from orchestration.settings import Settings

KEY_BYTES = 64


def read_secret_key(settings: Settings) -> str:
    """The key; empty where none was made yet, with which Django refuses to start."""
    if settings.doubleread_secret_key:
        return settings.doubleread_secret_key.get_secret_value()
    path = _path(settings)
    return path.read_text() if path.exists() else ""


def make_secret_key(settings: Settings) -> None:
    """Make the key where there is none, readable by this user alone."""
    path = _path(settings)
    if settings.doubleread_secret_key or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES))
    try:
        os.link(beside, path)  # of two that start at once, one key stands
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def _path(settings: Settings) -> Path:
    return settings.doubleread_home / "service" / "secret_key"
