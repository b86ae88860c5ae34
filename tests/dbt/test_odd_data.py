"""What no annotation program should write, and some database holds: refused by name, or built all the same."""

from datetime import UTC, datetime
from pathlib import Path

from orchestration.database import Database
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.generated import seeded
from tests.dbt.oracle import Annotation, Scan
from tests.dbt.project import NO_UNIT_TESTS, built, dbt, rows
from tests.dbt.raw import DJANGO, TEXTS, write

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
YES = (True,) * 4
HOSTILE = (
    "../../etc/passwd",
    "/root",
    "'; drop table x; --",
    'a"b',
    "back\\slash",
    "%_",
    "",
    " ",
    "Ünïcödé \U0001f5bc\n\t",
)


def study(study_id: str, scan_ids: list[str], readers: list[str]) -> tuple[list[Scan], list[Annotation]]:
    scans = [Scan(scan_id, study_id, f"{scan_id}.png", None, 10, 20) for scan_id in scan_ids]
    box = '[{"comment": "\'; drop table x; -- mal. mass", "mark": {"x": 1, "y": 2, "width": 3, "height": 4}}]'
    annotations = [
        Annotation(f"{scan_id}-{reader}-{number}", scan_id, reader, box, YES, NOON)
        for number, reader in enumerate(readers)
        for scan_id in scan_ids
    ]
    return scans, annotations


def test_ids_of_any_length_and_spelling_are_only_ids(database: Database, dbt_target: Path) -> None:
    random = seeded(4)
    # Random letters, for PostgreSQL would squeeze ten thousand equal ones into an index.
    long = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=10_000)) for _ in range(3)]
    studies = [study("long", [*long, "short"], ["x" * 900, "y" * 900])]
    for number, hostile in enumerate(HOSTILE):
        scan_ids = [hostile, *(f"{hostile}/{view}" for view in range(3))]
        studies.append(study(f"{hostile}#{number}", scan_ids, [hostile, "U2"]))
    scans = [scan for members, _ in studies for scan in members]
    annotations = [annotation for _, said in studies for annotation in said]
    write(database, TEXTS, scans, annotations)
    built(database, dbt_target, *NO_UNIT_TESTS)
    check_marts(database, oracle.marts(scans, annotations))
    readers = [reader for reader in HOSTILE if reader.strip()]  # an empty id is nobody
    assert rows(database, "select count(*) from marts.double_matched_findings") == [
        {"count": 4 * 4 * (len(readers) + 1)}
    ]


def test_ids_that_identify_nothing_stop_the_build_by_name(database: Database, dbt_target: Path) -> None:
    scans = [Scan(1, 1, "1.png", None, 1, 1), Scan(1, 2, "2.png", None, 1, 1), Scan(None, 2, "3.png", None, 1, 1)]
    annotations = [Annotation(number, 1, 1, None, YES, NOON) for number in (7, 7, None)]
    write(database, DJANGO, scans, annotations)
    run = dbt(database, dbt_target, "build", *NO_UNIT_TESTS)
    assert run.returncode == 1
    assert run.with_status("fail") == {
        "scans_have_an_id",
        "scan_ids_are_unique",
        "annotations_have_an_id",
        "annotation_ids_are_unique",
    }
    assert {
        "stg_annotations__scans",
        "double_matched_findings",
        "rejected_findings",
        "reader_agreement",
    } <= run.with_status("skipped")


def test_a_study_id_that_no_index_holds_stops_the_build_by_name(database: Database, dbt_target: Path) -> None:
    write(database, TEXTS, *study("x" * 1001, ["a", "b", "c", "d"], ["U1", "U2"]))
    run = dbt(database, dbt_target, "build", *NO_UNIT_TESTS)
    assert run.returncode == 1
    assert run.with_status("fail") == {"fits_in_an_index_stg_annotations__scans_study_id"}
