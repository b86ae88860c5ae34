"""The tables, the counts and the links of the manifest, signed, that contradict the others or themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.training_set.export.layout import BOXES, SCANS
from tests.training_set.export.verifying.copies import document, rows
from tests.training_set.export.verifying.damage.table import forged, other_side, side_of

SCAN = "2A"
Row = dict[str, Any]


def one(found: list[Row], scan_id: str = SCAN) -> Row:
    return next(row for row in found if row["scan_id"] == scan_id)


def _setting(table: str, name: str, value: Any) -> Callable[[Path], str]:
    def change(folder: Path) -> str:
        with rows(folder, table) as found:
            one(found)[name] = value
        return f"scan {SCAN}"

    change.__name__ = f"another_{name}_in_{table.rpartition('/')[2]}"
    return change


IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
for kind_, table_, name_, value_ in (
    ("disagreement", SCANS, "image_id", 7),
    ("disagreement", SCANS, "study_id", "study3"),
    ("disagreement", SCANS, "group_id", "study9"),
    ("disagreement", SCANS, "role", "negative"),
    ("disagreement", SCANS, "labels", ["has_benign_mass"]),
    ("disagreement", SCANS, "labels", ["has_malign_mass", "has_malign_mass"]),
    ("disagreement", SCANS, "labels", ["has_no_such_label"]),
    ("disagreement", SCANS, "finding_ids", []),
    ("disagreement", SCANS, "finding_ids", ["0" * 64]),
    ("disagreement", SCANS, "rejected", [{"label": "has_malign_mass", "reason": "single_reader"}]),
    ("disagreement", SCANS, "path", "images/3A.png"),
    ("format", SCANS, "sha256", "none"),
    ("format", SCANS, "side", "holdout"),
    ("format", SCANS, "role", "maybe"),
    ("dimensions", SCANS, "width", 0),
    ("dimensions", SCANS, "bits", 12),
    ("dimensions", SCANS, "channels", 4),
    ("disagreement", SCANS, "width", 25),
    ("box", SCANS, "height", 10),
    ("box", SCANS, "to_source", [2.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
    ("box", SCANS, "from_source", [float("nan"), 0.0, 0.0, 0.0, 1.0, 0.0]),
    ("box", BOXES, "x", -1.0),
    ("box", BOXES, "x", 2.5),
    ("box", BOXES, "y", 30.0),
    ("box", BOXES, "width", 0.0),
    ("box", BOXES, "width", float("nan")),
    ("box", BOXES, "height", 1e308),
    ("box", BOXES, "clipped", True),
    ("box", BOXES, "source_x", 4.0),
    ("box", BOXES, "source_width", float("inf")),
    ("side", BOXES, "side", "holdout"),
    ("disagreement", BOXES, "label", "has_benign_mass"),
    ("disagreement", BOXES, "reader", "U9"),
    ("disagreement", BOXES, "finding_id", "0" * 64),
    ("disagreement", BOXES, "finding_hash", "0" * 64),
    ("disagreement", BOXES, "study_id", "study3"),
    ("disagreement", BOXES, "box_id", 7),
):
    act_ = _setting(table_, name_, value_)
    act_.__name__ += f"_{str(value_)[:24]}"
    forged(kind_)(act_)


@forged("dimensions")
def a_width_that_is_not_the_pictures(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        one(found)["width"] = 25
    return f"images/{SCAN}.png"


@forged("disagreement")
def another_hash_of_an_image_in_the_table(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        one(found)["sha256"] = "0" * 64
    return f"images/{SCAN}.png"


@forged("duplicate")
def a_scan_twice_in_the_table(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        found.append(one(found))
    return f"scan {SCAN}"


@forged("duplicate")
def a_box_twice_in_the_table(folder: Path) -> str:
    with rows(folder, BOXES) as found:
        found.append(one(found))
    return f"scan {SCAN}"


@forged("disagreement")
def a_scan_left_out_of_the_table(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        found.remove(one(found))
    return f"images/{SCAN}.png"


@forged("disagreement")
def a_box_left_out_of_the_table(folder: Path) -> str:
    with rows(folder, BOXES) as found:
        found.remove(one(found))
    return f"scan {SCAN}: objects"


@forged("disagreement")
def a_box_of_a_scan_that_is_not_there(folder: Path) -> str:
    with rows(folder, BOXES) as found:
        one(found)["scan_id"] = "nobody"
    return "scan nobody"


@forged("side")
def one_scan_of_a_study_on_another_side_in_the_table(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        one(found)["side"] = other_side(one(found)["side"])
    return "its study is on two sides"


@forged("side")
def a_study_on_another_side_than_its_patients_other_one(folder: Path) -> str:
    side = other_side(side_of(folder, "10A"))
    for path in (SCANS, BOXES):
        with rows(folder, path) as found:
            for row in found:
                row["side"] = side if row["study_id"] == "study10" else row["side"]
    return "its patient is on two sides"


@forged("format")
def a_scan_id_that_leaves_the_folder(folder: Path) -> str:
    with rows(folder, SCANS) as found:
        one(found)["scan_id"] = "../../2A"
    return "scan ../../2A"


@forged("format")
def a_table_with_a_column_besides(folder: Path) -> str:
    table = pq.read_table(folder / SCANS)
    names = pa.array(["Doe^Jane"] * table.num_rows)
    pq.write_table(table.append_column("patient_name", names), folder / SCANS)
    return SCANS


@forged("format")
def a_table_without_a_value(folder: Path) -> str:
    table = pq.read_table(folder / BOXES)
    found = [{**row, "label": None} if number == 0 else row for number, row in enumerate(table.to_pylist())]
    loose = pa.schema([field.with_nullable(True) for field in table.schema])
    pq.write_table(pa.Table.from_pylist(found, loose), folder / BOXES)
    return BOXES


@forged("format")
def a_damaged_table(folder: Path) -> str:
    data = bytearray((folder / SCANS).read_bytes())
    data[20:400] = bytes(380)
    (folder / SCANS).write_bytes(data)
    return SCANS


@forged("format")
def a_table_that_is_none(folder: Path) -> str:
    (folder / BOXES).write_bytes(b"PAR1 and nothing else PAR1")
    return BOXES


def _counting(name: str, change: Callable[[Row], None]) -> None:
    def act(folder: Path) -> str:
        with document(folder, "generation.json") as content:
            change(content)
        return "generation.json"

    act.__name__ = f"another_{name}_in_the_manifest"
    forged("count")(act)


for name_ in ("scans", "findings", "boxes", "boxes_clipped", "left_out_of_yolo"):
    _counting(name_, lambda content, name=name_: content["contents"].update({name: content["contents"][name] + 1}))
_counting("count of negatives", lambda content: content["contents"]["roles"].update(negative=7))
_counting("count of train", lambda content: content["contents"]["sides"].update(train=0))
_counting("count of a label", lambda content: content["contents"]["label_studies"]["has_malign_mass"].update(test=99))
_counting("count of skipped boxes", lambda content: content["contents"].update(boxes_skipped=-1))
_counting("number of studies", lambda content: content["splits"].update(studies=3))
_counting("number of known patients", lambda content: content["splits"].update(patient_known=1))
_counting("set of ratios", lambda content: content["splits"].update(ratios=[0.5, 0.5]))


@forged("disagreement")
def labels_in_another_order_in_the_manifest(folder: Path) -> str:
    with document(folder, "generation.json") as content:
        content["labels"].reverse()
    return "annotations/coco.json"


def _link(folder: Path, change: Callable[[dict[str, str], str], str]) -> str:
    """Change the links of the manifest, and those that lie there as well."""
    path = f"splits/{side_of(folder, SCAN)}/{SCAN}.png"
    with document(folder, "generation.json") as content:
        before = dict(content["links"])
        named = change(content["links"], path)
        for gone in before.keys() - content["links"].keys():
            (folder / gone).unlink()
        for name, target in content["links"].items():
            if before.get(name) != target:
                (folder / name).unlink(missing_ok=True)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).symlink_to("../" * name.count("/") + target)
    return named


@forged("side")
def a_link_on_another_side(folder: Path) -> str:
    def change(links: dict[str, str], path: str) -> str:
        side = path.split("/")[1]
        moved = path.replace(side, other_side(side))
        links[moved] = links.pop(path)
        return moved

    return _link(folder, change)


@forged("disagreement")
def a_link_left_out_of_the_manifest(folder: Path) -> str:
    def change(links: dict[str, str], path: str) -> str:
        del links[path]
        return path

    return _link(folder, change)


@forged("disagreement")
def a_link_that_leads_to_another_scan(folder: Path) -> str:
    def change(links: dict[str, str], path: str) -> str:
        links[path] = "images/3A.png"
        return path

    return _link(folder, change)


@forged("disagreement")
def a_link_in_the_class_of_another_label(folder: Path) -> str:
    def change(links: dict[str, str], path: str) -> str:
        side = path.split("/")[1]
        moved = f"classes/{side}/has_benign_mass/{SCAN}.png"
        links[moved] = links.pop(f"classes/{side}/has_malign_mass/{SCAN}.png")
        return moved

    return _link(folder, change)
