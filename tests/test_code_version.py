"""The code's version is what the installation can prove, and nothing that merely lies around it."""

import json
import subprocess
from pathlib import Path

import pytest

from orchestration.code_version import code_version, commit_of


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "a clone"
    (folder / "orchestration").mkdir(parents=True)
    (folder / "orchestration" / "module.py").write_text("1\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=N", "-c", "user.email=n@example.org", "commit", "--quiet", "-m", "one")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def editable(folder: Path) -> str:
    return json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}})


def test_an_editable_installation_has_the_commit_of_its_folder_and_says_that_files_differ(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert commit_of(editable(repository)) == commit
    (repository / "notes.txt").write_text("takes part in no result")
    assert commit_of(editable(repository)) == commit
    (repository / "orchestration" / "module.py").write_text("2\n")
    assert commit_of(editable(repository)) == f"{commit} with changes"


def test_a_new_file_among_the_sources_is_a_change(repository: Path) -> None:
    (repository / "orchestration" / "other.py").write_text("3\n")
    assert str(commit_of(editable(repository))).endswith(" with changes")


def test_a_package_installed_from_git_has_the_commit_that_was_installed() -> None:
    url = {"url": "https://git.example/doubleread.git", "vcs_info": {"vcs": "git", "commit_id": "5" * 40}}
    assert commit_of(json.dumps(url)) == "5" * 40


def test_a_wheel_and_a_folder_inside_of_another_repository_have_none(repository: Path) -> None:
    assert commit_of(None) is None
    assert commit_of(json.dumps({"url": repository.as_uri(), "dir_info": {}})) is None
    assert commit_of(editable(repository / "orchestration")) is None


def test_without_git_there_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert commit_of(editable(repository)) is None


def test_variables_of_git_lead_to_no_other_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert commit_of(editable(repository)) is not None


def test_the_version_begins_with_the_packages() -> None:
    assert code_version().startswith("0.")
