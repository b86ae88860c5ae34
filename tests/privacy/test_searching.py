"""The search itself finds a word in every wrapping: what it does not find is not there."""

import base64
import gzip
import io
import sqlite3
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.privacy.planting import DICOM_TEXTS, Words, dicom, jpeg, png
from tests.privacy.searching import found_in, found_in_bytes

WORD = "Zq0123456789ab"


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [[{"b": WORD}]]}), file, compression="zstd")
    return file.getvalue()


def sqlite(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "a.db")
    connection.execute("create table a (b blob)")
    connection.execute("insert into a values (?)", [base64.b64encode(f"with {WORD} in it".encode())])
    connection.commit()
    connection.close()
    return (folder / "a.db").read_bytes()


def tar(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("a.parquet")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def test_a_word_is_found_in_every_wrapping(tmp_path: Path) -> None:
    wrapped = (
        WORD.upper().encode(),
        WORD.encode("utf-16-le"),
        base64.b64encode(f"a {WORD} z".encode()),
        gzip.compress(WORD.encode()),
        parquet(),
        gzip.compress(tar(parquet())),
        sqlite(tmp_path),
    )
    for data in wrapped:
        assert found_in_bytes(b"" + data, [WORD]) == {WORD.lower()}
        assert found_in_bytes(data, ["Zqffffffffff"]) == set()


def test_a_word_is_found_in_names_and_in_files_of_folders_below(tmp_path: Path) -> None:
    (tmp_path / "a" / WORD).mkdir(parents=True)
    (tmp_path / "a" / "b").write_text(f"<{WORD}>")
    assert set(found_in(tmp_path, [WORD])) == {f"a/{WORD}", "a/b"}


@pytest.mark.parametrize(("make", "places"), [(png, 6), (jpeg, 5), (dicom, len(DICOM_TEXTS) + 13)])
def test_all_words_that_are_planted_in_an_image_are_found_there(make, places: int) -> None:
    words = Words()
    data = make(words, "image", np.zeros((8, 8), np.uint8))
    assert len(words.planted) >= places
    assert found_in_bytes(data, words.planted.values()) == {word.lower() for word in words.planted.values()}
