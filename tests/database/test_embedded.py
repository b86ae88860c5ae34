"""The embedded server starts for every user of a machine, and says in one sentence why it did not."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.database import Database

ROOT = Path(__file__).parents[2]
NOBODY = 65534
START = """
import os, sys
from pathlib import Path
import fasteners, psutil, typing_extensions  # what the package imports, while root may still read it
from orchestration.database.embedded import EmbeddedServerError, start_embedded_server
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(NOBODY), os.setuid(NOBODY)
try:
    found = start_embedded_server(Path(sys.argv[1]) / "home" / "postgres")
except EmbeddedServerError as error:
    sys.exit(f"refused: {error}")
print(found["PGHOST"])
""".replace("NOBODY", str(NOBODY))


@pytest.fixture
def folder(database_server: Database) -> Iterator[Path]:
    """An empty folder that an ordinary user may write to, with a short path: a Unix socket's may have 107 bytes."""
    del database_server  # started by root, it lets every user run the server's programs
    folder = Path(tempfile.mkdtemp(prefix="dr-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start a server as an ordinary user, in a process of its own that stops it at its end."""
    inherited = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    return subprocess.run(
        [sys.executable, "-c", START, folder],
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_user_of_the_machine_starts_a_server_too(folder: Path) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    of_another_user = temporary / ".lockfile"
    of_another_user.touch()
    of_another_user.chmod(stat.S_IRUSR)  # the first user's, which nobody else may write
    process = start(folder, TMPDIR=str(temporary))
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(folder / "home" / "postgres")
    assert process.stderr == ""


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(folder: Path) -> None:
    (folder / "home").write_text("a file where the folder would be")
    process = start(folder)
    assert process.stderr.startswith("refused: the embedded PostgreSQL in")
    assert str(folder / "home") in process.stderr
    assert process.stderr.count("\n") == 1
    assert "PGHOST" in process.stderr


def test_data_that_are_no_databases_end_without_a_stack_trace(folder: Path) -> None:
    data = folder / "home" / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")  # and nothing else
    if os.geteuid() == 0:
        for path in (data.parent, data, data / "PG_VERSION"):
            os.chown(path, NOBODY, NOBODY)
    data.chmod(0o700)
    process = start(folder)
    assert process.returncode == 1
    assert "refused: the embedded PostgreSQL" in process.stderr
    assert str(data / "log") in process.stderr
    assert (data / "log").exists()
    assert "Traceback" not in process.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user to run a server")
def test_root_without_useradd_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from orchestration.database import embedded  # noqa: PLC0415

    monkeypatch.setattr(embedded, "SYSTEM_USER", "nobody-of-this-name")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.EmbeddedServerError, match="useradd, is not on the PATH") as error:
        embedded.start_embedded_server(tmp_path / "postgres")
    assert "log" not in str(error.value)
    assert "PGHOST" in str(error.value)
