"""Shards are read by the loader that training in the field uses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import striped, tear

UIDS = [f"1.2.840.10008.{number}.7" for number in range(1, 31)]

# In a process of its own, since webdataset leaves the last shard to the interpreter to close.
READ = """
import io, json, sys
import pydicom, webdataset
for sample in webdataset.WebDataset(sys.argv[1:], shardshuffle=False, empty_check=False):
    extensions = [name for name in sample if not name.startswith("__")]
    print(json.dumps([sample["__key__"], extensions, pydicom.dcmread(io.BytesIO(sample["dcm"])).SOPInstanceUID]))
"""


def test_webdataset_reads_one_sample_for_each_dicom(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.archives.reassembly.packing.SHARD_BYTES", 100_000)
    striped(partner.folder, tear("MR_small.dcm", UIDS), archives=3).write()
    partner.reassemble(pack=True)
    shards = sorted(Path(partner.output).glob("*.tar"))
    assert len(shards) > 1
    read = subprocess.run([sys.executable, "-c", READ, *shards], stdout=subprocess.PIPE, check=True)
    samples = [json.loads(line) for line in read.stdout.splitlines()]
    assert sorted(samples) == sorted([uid.replace(".", "_"), ["dcm"], uid] for uid in UIDS)
