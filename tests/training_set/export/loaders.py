"""An export as loaders of others read it, each in a process of its own that has no network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

LOAD = """
import json, sys
from pathlib import Path
from datasets import load_dataset
of_folder = lambda folder: load_dataset(folder) if Path(folder, "README.md").exists() else load_dataset(
    "imagefolder", data_dir=folder
)
rows = [
    {name: [{**row, "image": [row["image"].mode, *row["image"].size]} for row in split]
     for name, split in of_folder(folder).items()}
    for folder in sys.argv[1:]
]
print(json.dumps(rows))
"""
# In a process of its own also because webdataset leaves the last shard to the interpreter to close.
STREAM = """
import hashlib, json, sys
import webdataset
rows = [
    [shard, sample["__key__"], hashlib.sha256(sample["png"]).hexdigest(), json.loads(sample["json"])]
    for shard in sys.argv[1:] for sample in webdataset.WebDataset(shard, shardshuffle=False)
]
print(json.dumps(rows))
"""
RECORDS = """
import json, sys
from pathlib import Path
import mlcroissant

dataset = mlcroissant.Dataset(jsonld=Path(sys.argv[1]) / "croissant.json")
text = lambda value: value.decode() if isinstance(value, bytes) else value
plain = lambda value: text(value) if not hasattr(value, "tobytes") else list(value.size)
rows = {
    name: [
        {key: [text(one) for one in value] if isinstance(value, list) else plain(value) for key, value in row.items()}
        for row in dataset.records(name)
    ]
    for name in ("sides", "labels", "scans", "boxes", "images")
}
issues = dataset.metadata.ctx.issues
print(json.dumps({"errors": list(issues.errors), "warnings": list(issues.warnings), "rows": rows}, default=float))
"""


def printed(script: str, *arguments: object, folder: Path) -> Any:
    """What a script prints as JSON; it caches nothing but in ``folder``."""
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hf"),
        "CROISSANT_CACHE": str(folder / "croissant"),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded(*folders: Path, cache: Path) -> list[dict[str, list[dict[str, Any]]]]:
    """The splits that ``datasets`` finds in folders: by the card where one lies there, else as an imagefolder."""
    result: list[dict[str, list[dict[str, Any]]]] = printed(LOAD, *folders, folder=cache)
    return result


def streamed(shards: list[Path], cache: Path) -> list[list[Any]]:
    """Shard, key, digest of the image and description of every sample that webdataset streams."""
    result: list[list[Any]] = printed(STREAM, *shards, folder=cache)
    return result


def classes_found(folder: Path) -> dict[str, dict[Path, tuple[int, int]]]:
    """Samples by class with their size, as torchvision's ``ImageFolder`` finds them.

    A class is a folder, a sample any image below it, links are followed; samples are opened and made RGB.
    """
    found: dict[str, dict[Path, tuple[int, int]]] = {}
    for name in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()) if folder.exists() else ():
        for parent, _, files in sorted(os.walk(folder / name, followlinks=True)):
            for file in sorted(files):
                with Image.open(Path(parent) / file) as image:
                    found.setdefault(name, {})[Path(parent) / file] = image.convert("RGB").size
    return found
