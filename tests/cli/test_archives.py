"""``doubleread archives``: what a person types, and what comes out."""

import dataclasses
import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner, Result

from orchestration.cli.app import app
from tests.archives.reassembly.delivery import Delivery, striped, tear
from tests.cli.conftest import DOUBLEREAD

PAIR = "2.25.32906972551432148964768"
UIDS = [f"1.2.{number}" for number in range(8)]


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["archives", *map(str, arguments)], input=stdin)


def indexed(folder: Path) -> tuple[str, ...]:
    """Index what lies in a folder; the option that names the index."""
    arguments = ("--text", folder / "text", "--images", folder / "images", "--out", "ix")
    assert run("index", *arguments).exit_code == 0
    return ("--index", "ix")


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """Eight CTs in three archives of each kind."""
    delivery = striped(tmp_path, tear("CT_small.dcm", UIDS), archives=3)
    delivery.write()
    return delivery


def test_the_shared_sample_is_reassembled_whole_and_read_by_pydicom_and_dcmtk(shared_data: Path) -> None:
    index = indexed(shared_data / "hai-archives")
    result = run("reassemble", *index, "--out", "all")
    assert result.exit_code == 0
    assert "20 DICOMs written" in result.output
    files = sorted(Path("all").glob("*.dcm"))
    originals = [pydicom.dcmread(str(get_testdata_file(name))) for name in ("CT_small.dcm", "MR_small.dcm")]
    by_class = {original.SOPClassUID: original.pixel_array for original in originals}
    assert len(files) == 20
    for file in files:
        dataset = pydicom.dcmread(file)
        assert dataset.SOPInstanceUID == file.stem
        np.testing.assert_array_equal(dataset.pixel_array, by_class[dataset.SOPClassUID])
    if shutil.which("dcmdump") is None:
        pytest.skip("dcmdump of dcmtk is not installed")
    read = subprocess.run(["dcmdump", "--quiet", *files], capture_output=True, text=True, check=True)
    assert read.stderr == ""


def test_one_dicom_is_got_with_an_index_and_without(shared_data: Path) -> None:
    sample = shared_data / "hai-archives"
    index = indexed(sample)
    for out, source in (("a", index), ("b", ("--text", sample / "text", "--images", sample / "images"))):
        assert run("get", PAIR, *source, "--out", out).exit_code == 0
        assert [path.name for path in Path(out).glob("*.dcm")] == [f"{PAIR}.dcm"]
    assert Path("a", f"{PAIR}.dcm").read_bytes() == Path("b", f"{PAIR}.dcm").read_bytes()


def test_uids_come_from_arguments_a_file_and_standard_input(delivery: Delivery) -> None:
    index = indexed(delivery.folder)
    Path("more.txt").write_text("1.2.1\n\n 1.2.2 \n")
    result = run("get", "1.2.0", "-", *index, "--from-file", "more.txt", "--out", "some", stdin="1.2.5\n1.2.6\n")
    assert result.exit_code == 0
    assert {path.stem for path in Path("some").glob("*.dcm")} == {"1.2.0", "1.2.1", "1.2.2", "1.2.5", "1.2.6"}


def test_damage_within_coded_data_is_named_where_frames_are_decoded(tmp_path: Path) -> None:
    delivery = Delivery(tmp_path)
    (torn,) = tear("CT_small.dcm", ["1.2.0"])
    pixels = np.frombuffer(torn.pixels, np.uint16).reshape(128, 128)
    frame = imagecodecs.jpegls_encode(pixels)
    half = len(frame) // 2
    delivery.add(dataclasses.replace(torn, pixels=frame[:half] + bytes(16) + frame[half + 16 :]), text="t", image="i")
    delivery.write()
    index = indexed(tmp_path)
    for arguments in (("get", "1.2.0"), ("reassemble", "--decode")):
        result = run(*arguments, *index, "--out", "decoded")
        assert result.exit_code == 1
        assert "1.2.0 in i.tar: undecodable_pixels: frame 1 of 1 cannot be decoded" in result.output
        assert not list(Path("decoded").glob("*.dcm"))
    for arguments in (("get", "1.2.0", "--no-decode"), ("reassemble",)):
        assert run(*arguments, *index, "--out", arguments[0]).exit_code == 0
        assert Path(arguments[0], "1.2.0.dcm").exists()


def test_a_uid_that_nobody_has_is_named_and_the_others_are_written(delivery: Delivery) -> None:
    result = run("get", "1.2.0", "9.9", *indexed(delivery.folder), "--out", "some")
    assert result.exit_code == 1
    assert "9.9: not_indexed: the index has no member of this UID" in result.output
    assert Path("some/1.2.0.dcm").exists()


def test_headers_are_found_by_all_of_their_values(delivery: Delivery) -> None:
    for torn in tear("MR_small.dcm", ["1.9.1"]):
        delivery.add(torn, text="text0000", image="images0000")
    delivery.write()
    index = indexed(delivery.folder)
    assert run("find", *index, "00080060=MR").output.split() == ["1.9.1"]
    assert sorted(run("find", *index, "00080060=CT", "00280010=128").output.split()) == UIDS
    assert run("find", *index, "00080060=CT", "00280010=64").output == ""
    assert run("find", *index, "Modality=CT").exit_code == 2


def test_what_fits_nowhere_is_counted_named_and_in_the_exit_status(delivery: Delivery) -> None:
    delivery.images["images0001"] = delivery.images["images0001"][1:]
    delivery.write()
    result = run("reassemble", *indexed(delivery.folder), "--out", "all", "--pack")
    assert result.exit_code == 1
    assert "missing_pixels: no image archive has a member of this UID" in result.output
    assert "fits nowhere: missing_pixels 1; all are in all/unmatched" in result.output
    assert "7 DICOMs written" in result.output


def test_a_damaged_archive_is_named_by_the_index_and_the_rest_is_indexed(delivery: Delivery) -> None:
    path = delivery.folder / "images" / "images0000.tar"
    path.write_bytes(path.read_bytes()[:40_000])
    result = run("index", "--text", delivery.folder / "text", "--images", delivery.folder / "images", "--out", "ix")
    assert result.exit_code == 1
    assert "images0000.tar" in result.output
    assert "in 6 archives" in result.output


COMPRESSED = ("a.tar.gz", "b.TGZ", "c.tar.bz2", "d.tar.xz", "e.tar.zst", "f.tar.lz4", "g.tar.lzma", "h.tar.Z", "i.tbz2")


def test_what_looks_like_an_archive_and_is_not_read_is_named_and_the_rest_is_indexed(delivery: Delivery) -> None:
    text = delivery.folder / "text"
    for name in (*COMPRESSED, "below/j.Tar", "k.tar.md5", "readme.txt"):
        (text / name).parent.mkdir(exist_ok=True)
        (text / name).write_bytes(b"not read")
    result = run("index", "--text", text, "--images", delivery.folder / "images", "--out", "ix")
    assert result.exit_code == 1
    assert f"{len(COMPRESSED) + 1} objects that were passed over" in result.output
    for name in COMPRESSED:
        assert f"{name}: compressed: its members can't be read in ranges; decompress it to .tar" in result.output
    assert "below/j.Tar: its name does not end in .tar in lower case; rename it" in result.output
    assert "2 other objects" in result.output
    assert "in 6 archives" in result.output


@pytest.mark.parametrize("names", [[], ["a.TAR"], ["a.tar.gz"], ["readme.txt"]])
def test_a_place_without_archives_is_said_and_is_exit_status_1(delivery: Delivery, names: list[str]) -> None:
    mistyped = delivery.folder / "txet"
    mistyped.mkdir()
    for name in names:
        (mistyped / name).write_bytes(b"not read")
    result = run("index", "--text", mistyped, "--images", delivery.folder / "images", "--out", "ix")
    assert result.exit_code == 1
    assert f"no archive lies below {mistyped}: none of its objects is called *.tar" in result.output
    assert "in 3 archives" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "--out", "ix"),
        ("get", "1.2", "--out", "out"),
        ("get", "1.2", "--text", "only", "--out", "out"),
        ("get", "--index", "ix", "--out", "out"),
        ("reassemble", "--out", "out"),
        ("reassemble", "--index", "ix", "--out", "out", "--workers", "2", "--dask", "tcp://127.0.0.1:8786"),
        ("find", "00080060=MR"),
    ],
)
def test_wrong_usage_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_index_that_is_not_there_and_a_folder_that_is_not_there_are_said_in_a_sentence(tmp_path: Path) -> None:
    command = [DOUBLEREAD, "archives"]
    for arguments, said in (
        (["get", "1.2", "--index", "nowhere", "--out", "out"], "nowhere"),
        (["index", "--text", "missing", "--out", "ix"], "missing does not exist"),
    ):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
