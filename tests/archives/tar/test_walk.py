"""The walk over an archive's headers finds what ``tarfile`` finds, and names whatever it can't trust."""

import bz2
import io
import lzma
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.archives.tar import IS_DIRECTORY, Member, walk
from tests.archives.tar.tars import Archive, archive, files, info, plain_files, reader, walked

UIDS = st.from_regex(r"[1-9](\.[0-9]{1,20}){1,3}\.(j2c|json)", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=40).filter(
    lambda word: word not in {".", ".."}
)
PATHS = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
LONG_PATHS = st.integers(90, 200).map(lambda length: "d/" * (length // 2) + "1.2.json")
NAMES = st.one_of(UIDS, PATHS, LONG_PATHS)
SIZES = st.one_of(st.integers(0, 2000), st.sampled_from([511, 512, 513, 9_000]))
FILES = st.one_of(
    st.builds(info, NAMES, SIZES, st.sampled_from([tarfile.REGTYPE, tarfile.CONTTYPE])),
    st.builds(info, UIDS, SIZES, st.just(tarfile.AREGTYPE)),  # of a longer name, cut after a slash, it is a directory
)
LINKS = st.builds(
    info, NAMES, st.just(0), st.sampled_from([tarfile.LNKTYPE, tarfile.SYMTYPE]), st.one_of(NAMES, LONG_PATHS)
)
OTHERS = st.builds(info, NAMES, st.just(0), st.sampled_from([tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]))
MEMBERS = st.lists(st.one_of(FILES, FILES, LINKS, OTHERS), min_size=1, max_size=6)
ARCHIVES = st.one_of(
    st.builds(archive, MEMBERS, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])),
    st.builds(archive, MEMBERS, st.just(tarfile.PAX_FORMAT), st.just({"comment": "made by a test"})),
    st.builds(archive, st.lists(st.builds(info, UIDS, SIZES), max_size=6)),
)
READ_AHEAD = st.sampled_from([1024, 8192, 1 << 20])


def found(members: list[Member]) -> list[tuple[str, int, int]]:
    return [(m.name, m.offset, m.size) for m in members if m.problem is None]


@given(parts=st.lists(ARCHIVES, min_size=1, max_size=3), read_ahead=READ_AHEAD)
def test_the_files_of_archives_and_of_archives_in_a_row_are_those_that_tarfile_finds(
    parts: list[bytes], read_ahead: int
) -> None:
    data = b"".join(parts)
    assert found(walked(data, read_ahead)) == plain_files(data)


@given(members=MEMBERS)
def test_whatever_is_no_file_is_named_with_the_reason(members: list[tarfile.TarInfo]) -> None:
    data = archive(members, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        others = [member.name for member in tar if not member.isreg()]
    assert [m.name for m in walked(data) if m.problem] == others


@given(data=ARCHIVES, cut=st.integers(0, 1 << 16), read_ahead=READ_AHEAD)
def test_of_an_archive_that_was_cut_short_the_whole_members_are_kept_and_the_rest_is_said(
    data: bytes, cut: int, read_ahead: int
) -> None:
    whole = plain_files(data)
    end = max((offset + size for _, offset, size in whole), default=0)
    rest = data[: min(cut, end - 1)] if end else b""
    members = walked(rest, read_ahead)
    assert found(members) == [m for m in whole if m[1] + m[2] <= len(rest) and m[1] <= len(rest)]
    assert any(m.problem and not m.name for m in members), "the archive itself has a problem"


@given(data=ARCHIVES, flips=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), max_size=4))
@example(data=b"", flips=[])
def test_damage_anywhere_ends_in_members_inside_the_archive_or_in_problems(
    data: bytes, flips: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for at, bits in flips:
        if damaged:
            damaged[at % len(damaged)] ^= bits
    for name, offset, size in found(walked(bytes(damaged))):
        assert name is not None
        assert 0 <= offset <= offset + size <= len(data)


@given(data=st.binary(max_size=5000))
def test_bytes_that_are_no_archive_are_a_problem(data: bytes) -> None:
    if any(data):
        assert [m.name for m in walked(data)] == [""]


def test_a_damaged_header_costs_its_member_and_no_other() -> None:
    data = bytearray(files({"1.1.j2c": b"a" * 1000, "1.2.j2c": b"b" * 5000, "1.3.j2c": b"c"}))
    (_, first, _), _, third = plain_files(bytes(data))
    data[first + 1024 + 5] ^= 1
    members = walked(bytes(data))
    assert found(members) == [("1.1.j2c", first, 1000), third]
    assert [(m.offset, m.problem) for m in members if m.problem] == [
        (first + 1024, "a member is lost: its header's checksum is wrong")
    ]


def with_size(field: bytes) -> bytes:
    """An archive of one file whose header gives its size like this."""
    data = bytearray(files({"1.2.j2c": b"x" * 600}))
    data[124:136] = field
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (b"\x80" + (600).to_bytes(11, "big"), None),
        (b"        1130", None),
        (b"\x80" + (1 << 80).to_bytes(11, "big"), "cut short: 1,208,925,819,614,629,174,706,176 bytes, of which"),
        (b"77777777777\0", "cut short: 8,589,934,591 bytes, of which the archive holds 9,728"),
        (b"-0000001000\0", "does not begin with a tar header.*negative size"),
        (b"\xff" * 12, "does not begin with a tar header.*negative size"),
        (b"00000001x30\0", "a number in its header can't be read"),
    ],
)
def test_a_size_that_can_not_be_is_a_problem(field: bytes, problem: str | None) -> None:
    first = walked(with_size(field))[0]
    if problem is None:
        assert first == Member("1.2.j2c", 512, 600)
    else:
        assert re.search(problem, str(first.problem))


def test_a_header_summed_up_with_signed_characters_is_a_header() -> None:
    data = bytearray(archive([info("ä.j2c", 3)], tarfile.GNU_FORMAT))
    signed = sum(byte - 256 * (byte > 127) for byte in data[:148] + b" " * 8 + data[156:512])
    data[148:156] = b"%06o\0 " % signed
    assert found(walked(bytes(data))) == plain_files(bytes(data)) == [("ä.j2c", 512, 3)]


@pytest.mark.parametrize("form", ["oldgnu", "0.0", "0.1", "1.0"])
def test_a_sparse_file_is_a_problem_and_the_files_around_it_are_found(tmp_path: Path, form: str) -> None:
    (tmp_path / "1.1.j2c").write_bytes(b"first")
    with (tmp_path / "1.2.j2c").open("wb") as file:
        for at in range(1, 60):
            file.seek(at << 16)
            file.write(b"x")
    (tmp_path / "1.3.j2c").write_bytes(b"third")
    kind = ["--format=oldgnu"] if form == "oldgnu" else ["--format=pax", f"--sparse-version={form}"]
    names = ["1.1.j2c", "1.2.j2c", "1.3.j2c"]
    subprocess.run(["tar", "-C", tmp_path, *kind, "-S", "-cf", tmp_path / "a.tar", *names], check=True)
    data = (tmp_path / "a.tar").read_bytes()
    members = walked(data)
    assert found(members) == plain_files(data)
    assert [m.name for m in members] == names
    assert [m.problem for m in members if m.problem] == ["a sparse file: its bytes do not lie in one piece"]


def test_links_and_directories_named_like_a_uid_are_no_files() -> None:
    members = walked(
        archive(
            [
                info("1.1.j2c", 10),
                info("1.2.j2c", kind=tarfile.LNKTYPE, link="1.1.j2c"),
                info("1.3.j2c", kind=tarfile.DIRTYPE),
                info("1.4.j2c", kind=tarfile.SYMTYPE, link="/etc/passwd"),
            ]
        )
    )
    assert [m.problem and m.problem.partition(":")[0] for m in members] == [
        None,
        "a hard link",
        IS_DIRECTORY,
        "a symbolic link",
    ]


def test_a_pax_header_too_large_to_be_one_costs_its_member_and_no_other() -> None:
    data = archive([info("1.1.j2c", 3, comment="x" * (2 << 20)), info("1.2.j2c", 4)], tarfile.PAX_FORMAT)
    members = walked(data)
    assert found(members) == plain_files(data)[1:]
    assert members[0].name == "1.1.j2c"
    assert members[0].problem == "its extended header has 2,097,169 bytes; at most 1,048,576 are read"


def test_many_extended_headers_before_one_member_are_refused() -> None:
    block = archive([info("x" * 120, 3)], tarfile.GNU_FORMAT)[:1024]
    members = walked(block * 5000)
    assert not found(members)
    assert "more than 64 extended headers" in str(members[0].problem)


@pytest.mark.parametrize("said", [{"path": "9.9.j2c/"}, {"size": "3"}, {"size": "0" * 30 + "3", "path": "9.9.j2c"}])
def test_what_a_global_header_says_holds_for_all_members_that_follow(said: dict[str, str]) -> None:
    members = [info("1.1.j2c", 3), info("1.2.j2c", 2000), info("1.3.j2c", 4, path="1.3.4.j2c"), info("1.4.j2c", 5)]
    data = archive([info("1.0.j2c", 7)]) + archive(members, tarfile.PAX_FORMAT, said) + archive([info("1.5.j2c", 6)])
    assert found(walked(data)) == plain_files(data)
    assert len(plain_files(data)) == 6


@pytest.mark.parametrize("said", [{"size": "three"}, {"GNU.sparse.size": "3"}, {"comment": "x" * (2 << 20)}])
def test_a_global_header_that_can_not_be_followed_is_a_problem_of_all_members_that_follow(said: dict[str, str]) -> None:
    data = archive([info("1.1.j2c", 3)]) + archive([info("1.2.j2c", 3), info("1.3.j2c", 4)], tarfile.PAX_FORMAT, said)
    assert [(m.name, bool(m.problem)) for m in walked(data)] == [
        ("1.1.j2c", False),
        ("1.2.j2c", True),
        ("1.3.j2c", True),
    ]


# Go names the first an error too; of the second, the pax header has more than is read.
REFUSED = {"pax-bad-hdr-file.tar", "pax-bad-hdr-large.tar"}
OPENERS = {".tar": Path.open, ".xz": lzma.open, ".bz2": bz2.open}


def test_the_files_in_the_archives_of_cpython_and_go_are_those_that_tarfile_finds(shared_data: Path) -> None:
    folder = shared_data / "conformance" / "tar"
    paths = sorted(folder.rglob("*.tar*"))
    if not paths:
        pytest.skip(f"there are no archives in {folder}")
    for path in paths:
        with OPENERS[path.suffix](path, "rb") as file:
            data = Archive(file.read())
        name = path.name.removesuffix(".xz").removesuffix(".bz2")
        members = walked(data)
        try:
            expected = plain_files(data)
        except tarfile.ReadError:
            assert any(member.problem for member in members), path
            continue
        if name in REFUSED:
            assert [bool(member.problem) for member in members if member.name] == [True], path
        else:
            assert found(members) == expected, path


def test_members_of_eight_gigabytes_are_passed_over_without_being_read(tmp_path: Path) -> None:
    size = 8 << 30
    path = tmp_path / "large.tar"
    with path.open("wb") as file:
        for number in range(3):
            file.write(info(f"1.{number}.j2c", size + number).tobuf(tarfile.GNU_FORMAT))
            file.seek(-(-(size + number) // 512) * 512, os.SEEK_CUR)
        file.write(bytes(1024))
    read = 0

    def read_at(offset: int, length: int) -> bytes:
        nonlocal read
        read += length
        return os.pread(descriptor, length, offset)

    descriptor = os.open(path, os.O_RDONLY)
    try:
        members = list(walk(read_at, path.stat().st_size))
    finally:
        os.close(descriptor)
    with tarfile.open(path) as tar:
        assert found(members) == [(m.name, m.offset_data, m.size) for m in tar]
    assert read < 100_000


def test_large_members_are_skipped_and_small_ones_read_in_pieces() -> None:
    reads: list[int] = []
    small = files({f"1.{n}.j2c": b"x" * 1000 for n in range(1000)})
    large = files({f"1.{n}.j2c": b"x" * 100_000 for n in range(20)})

    def counting(data: bytes) -> int:
        reads.clear()

        def read_at(offset: int, length: int) -> bytes:
            reads.append(length)
            return reader(data)(offset, length)

        assert len(found(list(walk(read_at, len(data))))) in {20, 1000}
        return sum(reads)

    assert counting(small) > len(small) * 0.9
    assert len(reads) < 60
    assert counting(large) < len(large) / 10


MEMORY = """
import sys
from orchestration.archives.tar import walk
from tests.services.memory import peak_megabytes
from tests.archives.tar.tars import info
header = info("1.2.3.json", 0).tobuf(0)
def read_at(offset, length):
    return (header * (length // 512 + 1))[:length]
def peak_after(count):
    assert sum(1 for _ in walk(read_at, count * 512)) == count + 1
    return peak_megabytes()
few, many = peak_after(10_000), peak_after(300_000)
sys.exit(many - few > 1)
"""


def test_memory_does_not_grow_with_the_number_of_members() -> None:
    subprocess.run([sys.executable, "-c", MEMORY], cwd=Path(__file__).parents[3], check=True)
