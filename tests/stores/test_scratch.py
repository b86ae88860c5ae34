"""Scratch folders disappear however their process ends, and never under a process that uses one."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestration.stores.scratch import scratch_folder

HOLD = """
import signal, time
from orchestration.stores.scratch import scratch_folder
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the process that started the tests may ignore it
with scratch_folder() as folder:
    (folder / "file").write_bytes(bytes(100))
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, for this process and those that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_empty_and_goes_with_its_block(temporary_files: Path) -> None:
    with scratch_folder() as folder:
        assert list(folder.iterdir()) == []
        (folder / "below").mkdir()
        (folder / "below" / "file").write_text("x")
    assert list(temporary_files.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_running_one_stays(
    how: signal.Signals,
) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as killed,
        subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as running,
    ):
        assert killed.stdout is not None
        assert running.stdout is not None
        left, used = Path(killed.stdout.readline().strip()), Path(running.stdout.readline().strip())
        os.kill(killed.pid, how)
        killed.wait()
        assert (left / "file").exists()
        with scratch_folder() as own:
            assert not left.exists()
            assert (used / "file").exists()
            assert own.exists()
        running.kill()


def test_what_others_put_beside_it_stays(temporary_files: Path) -> None:
    target = temporary_files / "target"
    target.mkdir()
    (temporary_files / "doubleread-scratch-link").symlink_to(target)
    (temporary_files / "doubleread-scratch-file").write_text("x")
    (temporary_files / "doubleread-demo").mkdir()
    before = set(temporary_files.iterdir())
    with scratch_folder():
        pass
    assert set(temporary_files.iterdir()) == before
