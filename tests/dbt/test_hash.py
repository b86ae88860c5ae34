"""A finding's hash changes exactly when its picture must be drawn again."""

from pathlib import Path

from orchestration.database import Database
from tests.dbt.oracle import LABELS, Annotation, Scan
from tests.dbt.project import NO_TESTS, built, rows
from tests.dbt.raw import TEXTS, write

MALIGN_MASS, BENIGN_MASS = "has_malign_mass", "has_benign_mass"
BOX = '{"id": 1, "comment": "Mal. Mass", "mark": {"x": 10, "y": 20, "width": 30, "height": 40}}'
OTHER = '{"comment": "Mal. Mass", "mark": {"x": 1, "y": 2, "width": 3, "height": 4}}'
BOTH = {"U1": f"[{BOX}, {OTHER}]", "U2": f"[{OTHER}]"}

# Readings of one study each; all that agree on the malignant mass draw what the two readers of BOTH draw.
SAME = {
    "as they are": BOTH,
    "boxes in another order": BOTH | {"U1": f"[{OTHER}, {BOX}]"},
    "numbers in another spelling": BOTH | {"U1": f"[{BOX}, {OTHER}]".replace("10", "1.00e1").replace("40", "40.0")},
    "another wording": BOTH | {"U1": f"[{BOX}, {OTHER}]".replace("Mal. Mass", "surely a MAL. MASS")},
    "fields in another order, without an id": BOTH
    | {
        "U1": '[{"mark": {"height": 40, "type": "RECT", "width": 30, "y": 20, "x": 10}, "comment": "Mal. Mass"},'
        f"{OTHER}]"
    },
    "a third reader without boxes": BOTH | {"U3": "[]"},
    "another label's box": BOTH | {"U1": f"[{BOX}, {OTHER}, {BOX.replace('Mal. Mass', 'Ben. Mass')}]"},
    "a malformed box more": BOTH | {"U2": f"[{OTHER}, 7]"},
}
DIFFERENT = {
    "moved": BOTH | {"U1": f"[{BOX.replace('10', '11')}, {OTHER}]"},
    "wider": BOTH | {"U1": f"[{BOX.replace('30', '30.5')}, {OTHER}]"},
    "one box less": BOTH | {"U2": "[]"},
    "one box more": BOTH | {"U2": f"[{OTHER}, {BOX}]"},
    "drawn by another reader": {"U1": f"[{BOX}, {OTHER}]", "U3": f"[{OTHER}]"},
    "drawn by the other reader": {"U2": f"[{BOX}, {OTHER}]", "U1": f"[{OTHER}]"},
}


def study(name: str, readings: dict[str, str], *, label: str = MALIGN_MASS, png_image: str = "1.png") -> tuple:
    scans = [Scan(f"{name} {view}", name, png_image, None, None, None) for view in range(4)]
    labels = tuple(label == said for said in LABELS)
    annotations = [
        Annotation(f"{scan.id} {reader}", scan.id, reader, boxes, labels, None)
        for scan in scans
        for reader, boxes in readings.items()
    ]
    return scans, annotations


def test_a_hash_changes_exactly_when_the_picture_does(database: Database, dbt_target: Path) -> None:
    studies = [study(name, readings) for name, readings in (SAME | DIFFERENT).items()]
    benign = {reader: boxes.replace("Mal. Mass", "Ben. Mass") for reader, boxes in BOTH.items()}
    studies.append(study("another label", benign, label=BENIGN_MASS))
    studies.append(study("another image", BOTH, png_image="2.png"))
    write(
        database,
        TEXTS,
        [scan for scans, _ in studies for scan in scans],
        [annotation for _, annotations in studies for annotation in annotations],
    )
    built(database, dbt_target, *NO_TESTS)
    found = rows(database, "select distinct study_id, finding_hash from marts.double_matched_findings")
    hashes = {row["study_id"]: row["finding_hash"] for row in found}
    assert len(found) == len(hashes) == len(studies)
    assert {name for name, value in hashes.items() if value == hashes["as they are"]} == SAME.keys()
    assert len(set(hashes.values())) == len(studies) - len(SAME) + 1
