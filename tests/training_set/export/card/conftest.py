"""An export whose card has something to say of everything, hostile text among it."""

import json
from pathlib import Path

import pytest

from orchestration.labels import LABELS
from orchestration.training_set.export.card.statement import Statement
from orchestration.training_set.export.selection import ExportOptions
from tests.training_set.conftest import MASS, box
from tests.training_set.export.exporter import Exporter

HOSTILE = "<script>alert('1')</script> & \"quoted\" {{ 7 * 7 }} | pipe"
STATEMENT = Statement(
    title=HOSTILE,
    description=f"{HOSTILE}\n\nSecond paragraph.",
    contact=HOSTILE,
    creators=["Example Hospital"],
    license="cc-by-nc-4.0",
    license_link="https://creativecommons.org/licenses/by-nc/4.0/",
    citation=HOSTILE,
    version="1.2.0",
    date_published="2024-05-31",
    limitations=HOSTILE,
    keywords=["screening"],
)
HOSTILE_SCAN = "<img src=x onerror=alert(1)> it's & {{ 1 }} ÄÖ"
AGREEMENT = [
    (MASS, "Dr Planted", "U2", 100, 40, 9, 6, 43, 2, 0.847, 0.69, 0.84, 0.85),
    (MASS, "Dr Planted", "U3", 4, 4, 0, 0, 0, 0, 1.0, None, 1.0, None),
    (LABELS[0], "Dr Planted", "U2", 100, 1, 20, 30, 49, 0, 0.5, -0.2, 0.04, 0.66),
]


@pytest.fixture
def carded(exporter: Exporter) -> Exporter:
    """Marts of findings, rejections and agreement, and an owner who says something."""
    exporter.add(HOSTILE_SCAN, labels=[LABELS[2], MASS], boxes=[box("U1"), box("Dr Planted", x=60, width=30)])
    exporter.add("no boxes", boxes=[])
    exporter.add("negative", role="negative")
    exporter.add("hard", role="hard_case", rejected=[{"label": MASS, "reason": "single_reader"}])
    for number in range(10, 16):
        exporter.add(str(number), study=f"study {number // 2}")
    exporter.options = ExportOptions(negatives=True, hard_cases=True, card=STATEMENT)
    studies = [HOSTILE_SCAN, "no boxes", "negative", "hard", "study 5", "study 6", "study 7", "unread", "unclear"]
    with exporter.project.database.connect() as connection, connection.cursor() as cursor:
        # The helper that fills the mart calls every study S.
        cursor.execute(
            "update marts.double_matched_findings as finding set study_id = scan.study_id, file_name = 'L_CC.png' "
            "from marts.trainable_scans as scan where scan.scan_id = finding.scan_id"
        )
        cursor.executemany("insert into intermediate.int_scans values (%s)", [[study] for study in studies])
        cursor.executemany(
            "insert into intermediate.int_readings values (%s)", [[study] for study in studies if study != "unread"]
        )
        cursor.execute("insert into marts.rejected_findings values ('hard', %s, 'single_reader', 1, 1)", [MASS])
        cursor.executemany(f"insert into marts.reader_agreement values ({', '.join(['%s'] * 13)})", AGREEMENT)
    return exporter


@pytest.fixture
def card(carded: Exporter) -> Path:
    """The folder of a generation with its card."""
    assert carded.export().failures.count == 0
    return carded.folder


@pytest.fixture
def facts(card: Path) -> dict:
    return json.loads((card / "card.json").read_bytes())
