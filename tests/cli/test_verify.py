"""``doubleread verify`` as a receiver runs it: in a folder of their own, without settings, database or network."""

import json
import shutil

from tests.cli.conftest import Home
from tests.training_set.export.verifying.copies import make_destination


def test_a_receiver_needs_no_settings_and_no_database(home: Home) -> None:
    folder = make_destination(home.folder / "set")
    result = home.run("verify", "set")
    assert "22 scans, 21 findings, 58 boxes" in result.stdout
    assert "22 pictures decoded" in result.stdout
    assert "COCO, YOLO, imagefolder, data card, WebDataset" in result.stdout
    assert result.stdout.splitlines()[-1] == "set: right"
    assert not (home.folder / ".doubleread").exists(), "nothing is started, and nothing written"

    (folder / "current" / "images" / "2A.png").resolve().write_bytes(b"\x89PNG")
    (folder / "current" / "besides").touch()
    result = home.run("verify", "set", status=1)
    assert "extra (1): remove it" in result.stdout
    assert "  images/2A.png: it has 4 bytes instead of" in result.stdout
    assert "problems: do not train on this copy" in result.stdout
    told = json.loads(home.run("verify", "set", "--json", "--workers", "1", status=1).stdout)
    assert (told["right"], told["compared"][0]) == (False, "Parquet tables")
    assert {(one["kind"], one["path"]) for one in told["problems"]} >= {
        ("changed", "images/2A.png"),
        ("extra", "besides"),
    }
    assert all(one["advice"] for one in told["problems"])


def test_many_problems_are_bounded_in_print_and_whole_in_json(home: Home) -> None:
    folder = make_destination(home.folder / "set")
    shutil.rmtree((folder / "current" / "annotations" / "yolo" / "labels").resolve())
    for number in range(30):
        (folder / "current" / f"besides{number}").touch()
    assert "  and 10 more: --json" in home.run("verify", "set", status=1).stdout
    told = json.loads(home.run("verify", "set", "--json", status=1).stdout)
    assert len([one for one in told["problems"] if one["kind"] == "extra"]) == 30


def test_what_moved_since_an_earlier_generation_is_told(home: Home) -> None:
    folder = make_destination(home.folder / "set")
    (earlier,) = {path.name for path in (folder / "generations").iterdir()} - {(folder / "current").readlink().name}
    result = home.run("verify", "set", "--since", earlier)
    assert f"since {earlier}: 3 images added, 4 findings added, 10 boxes added" in result.stdout
    assert "nothing changed" in home.run("verify", "set", "--since", "set").stdout
    told = json.loads(home.run("verify", "set", "--since", earlier, "--json").stdout)
    assert len(told["changes"]["images_added"]) == 3


def test_wrong_usage_is_told_in_a_sentence(home: Home) -> None:
    assert "is no folder" in home.run("verify", "nowhere", status=2).stderr
    assert "nothing" not in home.run("verify", ".", status=2).stdout
