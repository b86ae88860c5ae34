"""``croissant.json``: the files and their records as tools read them, in the format of MLCommons.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. Records of scans and boxes come from the Parquet
files. Images are records of their own, which carry the scan's id: a reader that joined them would hold every image in
memory, 40 MB each.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.training_set.export.card.facts import Facts
from orchestration.training_set.export.card.words import LIMITS, annotation_process, collected, summary
from orchestration.training_set.export.generation import SIDES, GenerationFile
from orchestration.training_set.export.layout import (
    BOXES,
    BOXES_SCHEMA,
    COCO,
    CROISSANT,
    DESCRIBED,
    IMAGES,
    SCANS,
    SCANS_SCHEMA,
)

IMAGE_FILES = "image-files"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
# What every file of this version begins with.
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
SPLITS = dict(zip(SIDES, ("TrainingSplit", "ValidationSplit", "TestSplit"), strict=True))
_DESCRIPTIONS = {
    SCANS: ("application/x-parquet", "A row for each scan."),
    BOXES: ("application/x-parquet", "A row for each box."),
    COCO: ("application/json", "All scans and boxes in the format of the COCO data set."),
}


def write_croissant(folder: Path, facts: Facts, files: Mapping[str, GenerationFile]) -> None:
    """Describe the generation's files, whose sizes and digests ``files`` has by their path."""
    text = json.dumps(_dataset(facts, files), indent=2, ensure_ascii=False)
    (folder / CROISSANT).write_text(f"{text}\n", encoding="utf-8")


def _dataset(facts: Facts, files: Mapping[str, GenerationFile]) -> dict[str, Any]:
    """The whole; of what the owner may say, what is said."""
    said = facts.said
    stated = {
        "alternateName": said.summary,
        "license": said.license_link or said.license_text,
        "url": said.url,
        "citeAs": said.citation,
        "version": said.version,
        "datePublished": said.date_published,
        "creator": [{"@type": "sc:Organization", "name": name} for name in said.creators],
        "keywords": said.keywords,
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": said.title,
        "description": said.description or summary(facts),
        **{name: value for name, value in stated.items() if value},
        "rai:dataCollection": collected(facts),
        "rai:dataAnnotationProtocol": annotation_process(facts),
        "rai:dataLimitations": [*([said.limitations] if said.limitations else []), *LIMITS],
        **({"rai:dataUseCases": said.intended_use} if said.intended_use else {}),
        "distribution": [*(_file(files[path]) for path in DESCRIBED), _images()],
        "recordSet": [_sides(), _labels(facts), *_tables(), _image_records()],
    }


def _file(file: GenerationFile) -> dict[str, Any]:
    encoding, description = _DESCRIPTIONS[file.path]
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": description,
        "contentUrl": file.path,
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": encoding,
        "sha256": file.sha256,
    }


def _images() -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": IMAGE_FILES,
        "name": IMAGE_FILES,
        "description": "An image for each scan, named after its id.",
        "encodingFormat": "image/png",
        "includes": f"{IMAGES}/*.png",
    }


def _sides() -> dict[str, Any]:
    return _enumeration(
        "sides", "cr:Split", "Train, validation and test.",
        ["name", "url"], [[side, f"cr:{SPLITS[side]}"] for side in SIDES],
    )  # fmt: skip


def _labels(facts: Facts) -> dict[str, Any]:
    rows = [[label.label, label.caption] for label in facts.labels]
    return _enumeration("labels", "sc:Enumeration", "What a finding may be.", ["name", "caption"], rows)


def _enumeration(
    name: str, kind: str, description: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """A record set that holds its records itself."""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "dataType": kind,
        "key": {"@id": f"{name}/{columns[0]}"},
        "field": [
            {"@type": "cr:Field", "@id": f"{name}/{column}", "name": column, "dataType": "sc:Text"}
            for column in columns
        ],
        "data": [{f"{name}/{column}": cell for column, cell in zip(columns, row, strict=True)} for row in rows],
    }


def _tables() -> Iterator[dict[str, Any]]:
    for name, path, schema, key in (
        ("scans", SCANS, SCANS_SCHEMA, "scan_id"),
        ("boxes", BOXES, BOXES_SCHEMA, "box_id"),
    ):
        yield {
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "description": _DESCRIPTIONS[path][1],
            "key": {"@id": f"{name}/{key}"},
            "field": [_column(name, path, field) for field in schema if not _is_nested(field.type)],
        }


def _column(record_set: str, path: str, field: "pa.Field") -> dict[str, Any]:
    """A column of a Parquet file; the description is the column's own."""
    kind, shape = _kind(field.type)
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{field.name}",
        "name": field.name,
        "description": field.metadata[b"description"].decode(),
        "dataType": ["sc:Text", "cr:Split"] if field.name == "side" else kind,
        "source": {"fileObject": {"@id": path}, "extract": {"column": field.name}},
    }
    if shape:
        described |= {"isArray": True, "arrayShape": shape}
    if (record_set, field.name) == ("boxes", "scan_id"):
        described["references"] = {"field": {"@id": "scans/scan_id"}}
    return described


def _is_nested(kind: "pa.DataType") -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_struct(kind.value_type))


def _kind(kind: "pa.DataType") -> tuple[str, str]:
    """Croissant's type, and the shape of a list."""
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return _kind(kind.value_type)[0], str(kind.list_size if pa.types.is_fixed_size_list(kind) else -1)
    if pa.types.is_boolean(kind):
        return "sc:Boolean", ""
    if pa.types.is_integer(kind):
        return "sc:Integer", ""
    return ("sc:Float" if pa.types.is_floating(kind) else "sc:Text"), ""


def _image_records() -> dict[str, Any]:
    """Images with the ids of their scans, to be put beside the records of scans."""
    source = {"fileSet": {"@id": IMAGE_FILES}}
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "The images, each with the id of its scan, by which it belongs to a record of scans.",
        "key": {"@id": "images/scan_id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": "images/scan_id",
                "name": "scan_id",
                "description": "the scan; also the image's stem",
                "dataType": "sc:Text",
                "source": source | {"extract": {"fileProperty": "filename"}, "transform": {"regex": r"^(.*)\.png$"}},
            },
            {
                "@type": "cr:Field",
                "@id": "images/image",
                "name": "image",
                "description": "the scan without any drawing",
                "dataType": "sc:ImageObject",
                "source": source | {"extract": {"fileProperty": "content"}},
            },
        ],
    }
