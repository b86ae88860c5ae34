"""One annotation format that says something else than the others, and is signed: hashes are right, content is not."""

from pathlib import Path
from typing import Any

from orchestration.training_set.export.layout import COCO, METADATA, metadata_file, side_file
from tests.training_set.export.verifying.copies import document, lines, rows, sign
from tests.training_set.export.verifying.damage.table import damage, forged, other_side, side_of

SCAN = "2A"


def image(coco: dict[str, Any], scan_id: str = SCAN) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in coco["images"] if one["scan_id"] == scan_id)
    return found


def box(coco: dict[str, Any], scan_id: str = SCAN) -> dict[str, Any]:
    number = image(coco, scan_id)["id"]
    found: dict[str, Any] = next(one for one in coco["annotations"] if one["image_id"] == number)
    return found


CHANGED_FIELDS: dict[str, tuple[str, Any]] = {
    "width": ("image", 25),
    "height": ("image", 31),
    "file_name": ("image", "images/3A.png"),
    "study_id": ("image", "study3"),
    "role": ("image", "negative"),
    "labels": ("image", ["has_benign_mass"]),
    "rejected": ("image", []),
    "to_source": ("image", [1.0, 0.0, 5.0, 0.0, 1.0, 0.0]),
    "bbox": ("box", [2.0, 3.0, 10.0, 13.0]),
    "area": ("box", 121.0),
    "iscrowd": ("box", 1),
    "segmentation": ("box", [1.0]),
    "reader": ("box", "U9"),
    "finding_id": ("box", "0" * 64),
    "clipped": ("box", True),
    "source_bbox": ("box", [2.0, 3.0, 10.0, 13.0]),
    "category_id": ("box", 3),
}


def _changing(of: str, name: str, value: Any) -> Any:
    def change(folder: Path) -> str:
        with document(folder, COCO) as coco:
            (image(coco) if of == "image" else box(coco))[name] = value
        return f"scan {SCAN}: {name}"

    change.__name__ = f"another_{name}_of_one_{of}_in_coco"
    return change


for name_, (of_, value_) in CHANGED_FIELDS.items():
    forged("disagreement")(_changing(of_, name_, value_))


@forged("side")
def a_scan_on_another_side_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        image(coco)["side"] = other_side(image(coco)["side"])
    return f"scan {SCAN}"


@forged("side")
def a_scan_moved_to_the_coco_file_of_another_side(folder: Path) -> str:
    side = side_of(folder, SCAN)
    with document(folder, side_file(side)) as coco:
        moved = image(coco)
        coco["images"].remove(moved)
        boxes = [one for one in coco["annotations"] if one["image_id"] == moved["id"]]
        coco["annotations"] = [one for one in coco["annotations"] if one["image_id"] != moved["id"]]
    with document(folder, side_file(other_side(side))) as coco:
        coco["images"].append({**moved, "side": other_side(side)})
        coco["annotations"] += boxes
    return f"{side_file(other_side(side))} scan {SCAN}"


@forged("disagreement")
def another_number_of_an_image_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        number = image(coco)["id"]
        image(coco)["id"] = 7
        for one in coco["annotations"]:
            one["image_id"] = 7 if one["image_id"] == number else one["image_id"]
    return f"scan {SCAN}: id"


@forged("disagreement")
def an_image_left_out_of_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["images"].remove(image(coco))
    return f"scan {SCAN}"


@forged("disagreement")
def an_image_invented_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["images"].append({**image(coco), "scan_id": "invented", "id": 5})
    return "scan invented"


@forged("duplicate")
def an_image_twice_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["images"].append(image(coco))
    return f"scan {SCAN}"


@forged("disagreement")
def a_box_left_out_of_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["annotations"].remove(box(coco))
    return f"scan {SCAN}"


@forged("duplicate")
def a_box_twice_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["annotations"].append(box(coco))
    return f"scan {SCAN}"


@forged("disagreement")
def a_box_invented_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        coco["annotations"].append({**box(coco), "id": 12345})
    return "box 12345"


@forged("disagreement")
def a_box_left_out_of_one_sides_coco(folder: Path) -> str:
    path = side_file(side_of(folder, SCAN))
    with document(folder, path) as coco:
        coco["annotations"].remove(box(coco))
    return f"{path} box"


@forged("disagreement")
def categories_in_another_order_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        first, second = coco["categories"][:2]
        first["name"], second["name"] = second["name"], first["name"]
    return COCO


@forged("format")
def a_field_besides_in_coco(folder: Path) -> str:
    with document(folder, COCO) as coco:
        image(coco)["patient_name"] = "Doe^Jane"
    return COCO


@forged("format")
def no_json_in_place_of_coco(folder: Path) -> str:
    (folder / COCO).write_bytes(b'{"images": [')
    return COCO


@forged("format")
def json_a_hundred_thousand_lists_deep_in_place_of_coco(folder: Path) -> str:
    (folder / COCO).write_bytes(b"[" * 100_000 + b"]" * 100_000)
    return COCO


@damage("missing")
def forged_a_manifest_without_coco(folder: Path) -> str:
    (folder / COCO).unlink()
    sign(folder, lambda content: content["files"].remove(next(f for f in content["files"] if f["path"] == COCO)))
    return COCO


@forged("disagreement")
def a_line_left_out_of_the_metadata(folder: Path) -> str:
    with lines(folder, METADATA) as found:
        found.remove(next(line for line in found if f'"scan_id":"{SCAN}"' in line))
    return f"{METADATA} scan {SCAN}"


@forged("duplicate")
def a_line_twice_in_the_metadata(folder: Path) -> str:
    with lines(folder, METADATA) as found:
        found.append(next(line for line in found if f'"scan_id":"{SCAN}"' in line))
    return f"{METADATA} scan {SCAN}"


@forged("disagreement")
def a_line_invented_in_the_metadata(folder: Path) -> str:
    with lines(folder, METADATA) as found:
        line = next(line for line in found if f'"scan_id":"{SCAN}"' in line)
        found.append(line.replace(f'"scan_id":"{SCAN}"', '"scan_id":"invented"'))
    return f"{METADATA} scan invented"


def _replaced(folder: Path, old: str, new: str) -> str:
    with lines(folder, METADATA) as found:
        at = next(number for number, line in enumerate(found) if f'"scan_id":"{SCAN}"' in line)
        assert old in found[at]
        found[at] = found[at].replace(old, new)
    return f"{METADATA} scan {SCAN}"


@forged("disagreement")
def a_label_renamed_in_the_metadata(folder: Path) -> str:
    return _replaced(folder, "has_malign_mass", "has_benign_mass")


@forged("disagreement")
def a_box_moved_in_the_metadata(folder: Path) -> str:
    return _replaced(folder, "[2.0,3.0,10.0,12.0]", "[2.0,3.5,10.0,12.0]")


@forged("disagreement")
def a_category_changed_in_the_metadata(folder: Path) -> str:
    return _replaced(folder, '"category":[3,3,3]', '"category":[3,2,3]')


@forged("side")
def a_scan_on_another_side_in_the_metadata(folder: Path) -> str:
    side = side_of(folder, SCAN)
    return _replaced(folder, f'"side":"{side}"', f'"side":"{other_side(side)}"')


@forged("format")
def a_line_that_is_no_json_in_the_metadata(folder: Path) -> str:
    with lines(folder, METADATA) as found:
        found.insert(2, "{")
    return METADATA


@forged("side")
def a_row_moved_to_the_file_of_another_side(folder: Path) -> str:
    side = side_of(folder, SCAN)
    with rows(folder, metadata_file(side)) as found:
        moved = next(row for row in found if row["scan_id"] == SCAN)
        found.remove(moved)
    with rows(folder, metadata_file(other_side(side))) as found:
        found.append({**moved, "side": other_side(side)})
    return f"{metadata_file(other_side(side))} scan {SCAN}"


@forged("disagreement")
def a_row_left_out_of_a_sides_file(folder: Path) -> str:
    path = metadata_file(side_of(folder, SCAN))
    with rows(folder, path) as found:
        found.remove(next(row for row in found if row["scan_id"] == SCAN))
    return f"{path} scan {SCAN}"


@forged("disagreement")
def a_label_renamed_in_a_sides_file(folder: Path) -> str:
    path = metadata_file(side_of(folder, SCAN))
    with rows(folder, path) as found:
        next(row for row in found if row["scan_id"] == SCAN)["labels"] = ["has_benign_mass"]
    return f"{path} scan {SCAN}: labels"


@forged("format")
def another_table_in_place_of_a_sides_file(folder: Path) -> str:
    (folder / metadata_file("train")).write_bytes((folder / "annotations/scans.parquet").read_bytes())
    return metadata_file("train")
