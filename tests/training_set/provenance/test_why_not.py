"""Why a study's label is no finding, in words and with who missed what; and why an accepted one has no picture."""

import pytest

from orchestration.labels import LABELS
from orchestration.training_set.provenance.answers import Answer
from orchestration.training_set.provenance.asking import NoAnswerError
from orchestration.training_set.provenance.explaining import UnknownLabelError, why_not
from tests.services.built_home import BENIGN_MASS, MASS, BuiltHome


def ask(home: BuiltHome, study: str, label: str | None = MASS) -> Answer:
    return why_not(home.database, home.typed, study, label)


@pytest.mark.parametrize(
    ("study", "verdict", "because"),
    [
        (
            "2",
            "readers_disagree",
            [
                "1 of 2 readers with a complete reading calls it true on all 4 scans: u1; at least 2 needed.",
                "u2 calls it true on none.",
            ],
        ),
        (
            "3",
            "incomplete_reading",
            [
                "Not everyone who calls it true annotated every scan: u2 did not.",
                "1 of 1 reader with a complete reading calls it true on all 4 scans: u1; at least 2 needed.",
                "u2 calls it true on 30, 31, 32, and did not annotate 33.",
            ],
        ),
        (
            "4",
            "incomplete_study",
            [
                "The study has 3 scans, the rule wants 4.",
                "u1 calls it true on 40, 41, 42.",
                "u2 calls it true on 40, 41, 42.",
            ],
        ),
        (
            "5",
            "not_called",
            [
                "No annotation that counts calls it true on any scan.",
                "2 readers completed a reading of the study.",
            ],
        ),
        (
            "7",
            "inconsistent_reading",
            [
                "Not everyone who calls it true does so on every scan: u2 does not.",
                "1 of 2 readers with a complete reading calls it true on all 4 scans: u1; at least 2 needed.",
                "u2 calls it true on 70, 71 and not on 72, 73.",
            ],
        ),
        (
            "8",
            "single_reader",
            [
                "Only one reader completed a reading of the study: u1.",
                "1 of 1 reader with a complete reading calls it true on all 4 scans: u1; at least 2 needed.",
            ],
        ),
    ],
)
def test_the_reason_is_told_with_its_readers_and_scans(
    built_home: BuiltHome, study: str, verdict: str, because: list[str]
) -> None:
    answer = ask(built_home, study)
    (decision,) = answer.decisions
    assert (decision.label, decision.built.verdict, decision.now.verdict) == (MASS, verdict, verdict)
    assert decision.is_current
    assert list(decision.because) == because
    assert answer.findings == answer.notes == []


def test_all_labels_are_answered_unless_one_is_named(built_home: BuiltHome) -> None:
    decisions = ask(built_home, "2", None).decisions
    assert [decision.label for decision in decisions] == list(LABELS)
    assert [decision.built.verdict for decision in decisions] == ["not_called"] * 3 + ["readers_disagree"]
    assert ask(built_home, "1", BENIGN_MASS).decisions[0].built.verdict == "not_called"


def test_an_accepted_label_is_said_to_be_accepted(built_home: BuiltHome) -> None:
    answer = ask(built_home, "1")
    assert answer.decisions[0].built.verdict == "double_matched"
    assert [finding.picture.status for finding in answer.findings] == ["drawn"] * 4
    assert answer.notes == []


def test_a_picture_that_is_missing_has_the_reason_of_its_image(built_home: BuiltHome) -> None:
    answer = ask(built_home, "6")
    assert answer.decisions[0].built.verdict == "double_matched"
    pictures = {finding.scan_id: finding.picture for finding in answer.findings}
    assert {scan: picture.status for scan, picture in pictures.items()} == {
        "60": "failed", "61": "failed", "62": "drawn", "63": "drawn",
    }  # fmt: skip
    missing, damaged = answer.notes
    assert missing.startswith(f"The picture {MASS}/60.png is missing: its scan: not in the store (404)")
    assert damaged.startswith(f"The picture {MASS}/61.png is missing: its scan can't be drawn")
    assert [image.status for image in answer.images] == ["failed", "retrieved", "retrieved", "retrieved"]


def test_an_unknown_study_or_label_has_no_answer(built_home: BuiltHome) -> None:
    with pytest.raises(NoAnswerError, match=r"no study has the id 99: the raw tables hold no scan of it$"):
        ask(built_home, "99")
    with pytest.raises(NoAnswerError, match=r"it is a scan of the study 2$"):
        ask(built_home, "21")
    for no_text in ("\udcff", "1\udcff", "\0", ""):
        with pytest.raises(NoAnswerError, match="no study has the id"):
            ask(built_home, no_text)
    with pytest.raises(UnknownLabelError, match="has_fracture is no label; labels are has_benign_micro"):
        ask(built_home, "1", "has_fracture")
