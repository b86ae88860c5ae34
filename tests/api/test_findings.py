"""Findings, rejections, agreement, cases and predictions: the marts as lists."""

import csv
import io
from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.api.shown import CALCIFICATIONS, MARTS, MASS, Shown, scan_png

LISTS = ("findings", "rejections", "agreement", "cases", "predictions")


def ids(answer: Any, name: str = "scan_id") -> list[Any]:
    return [row[name] for row in answer.json["results"]]


@pytest.mark.parametrize("name", LISTS)
def test_a_mart_that_is_not_built_is_an_empty_list(reader: Caller, name: str) -> None:
    answer = reader.get(f"/api/{name}/")
    assert (answer.status, answer.json) == (200, {"next": None, "previous": None, "results": []})


def test_one_finding_of_a_mart_that_is_not_built_is_unknown(reader: Caller) -> None:
    for path in ("", "picture", "thumbnail", "scan", "scan-preview"):
        assert reader.get(f"/api/findings/any/{path}").status == 404, path


@pytest.mark.parametrize("name", LISTS)
def test_each_list_has_the_columns_of_its_schema_in_json_and_csv(reader: Caller, shown: Shown, name: str) -> None:
    fill_all(shown)
    import yaml

    schema = yaml.safe_load(reader.get("/api/schema/").body)
    ref = schema["paths"][f"/api/{name}/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    page = schema["components"]["schemas"][ref.rpartition("/")[2]]
    row = schema["components"]["schemas"][page["properties"]["results"]["items"]["$ref"].rpartition("/")[2]]
    (found,) = reader.get(f"/api/{name}/").json["results"]
    assert list(found) == list(row["properties"])
    header, cells = csv.reader(io.StringIO(reader.get(f"/api/{name}/", format="csv").body.decode()))
    assert header == list(found)
    assert len(cells) == len(header)


def fill_all(shown: Shown) -> None:
    """One row in each mart."""
    assert len(MARTS) == 6
    shown.finding("10")
    shown.run("insert into marts.rejected_findings values ('S2', %s, 'single_reader', 1, 1)", MASS)
    shown.run(
        "insert into marts.reader_agreement values (%s, 'U1', 'U2', 10, 4, 1, 1, 3, 1, 0.78, 0.55, 0.8, 0.75)", MASS
    )
    shown.run(
        "insert into marts.clinical_cases values ('S01', 2014, 'images', 'a', 'b', null, 'd', '[\"r_cc\"]', 3, true)"
    )
    shown.run(
        "insert into marts.inference_results (result_id, job, series_instance_uid, run_id, modality, file_count, "
        "clipped_count, score_count, output_dir, config, config_sha256, runtime, provider, code_version, code_sha256, "
        "input_sha256, pixels_sha256, ended_at) values ('r1', 'onnx', '1.2', 'run', 'MG', 1, 0, 1, '/o', '{}', 'c', "
        "'onnxruntime', 'CPU', '1', 'd', repeat('e', 64), repeat('f', 64), '2026-01-31')"
    )
    shown.run("insert into marts.inference_scores values ('s1', 'r1', 'onnx', '1.2', 0, 3, null, 0, 'mass', 0.25)")


def test_findings_are_filtered_by_label_study_and_readers(reader: Caller, shown: Shown) -> None:
    shown.finding("10")
    shown.finding("11", readers=("U1", "U2", "U3"))
    shown.finding("10", label=CALCIFICATIONS)
    shown.finding("20", study_id="S2")
    assert ids(reader.get("/api/findings/")) == ["10", "10", "11", "20"]
    assert ids(reader.get("/api/findings/", label=MASS, study_id="S1")) == ["10", "11"]
    assert ids(reader.get("/api/findings/", matching_reader_count__gte="3")) == ["11"]
    for wrong in ({"label": "has_nothing"}, {"readers": "2"}, {"reader_count": "two"}, {"ordering": "boxes"}):
        assert reader.get("/api/findings/", **wrong).status == 400, wrong


def test_pages_of_findings_hold_each_once_in_the_order_of_the_wall(reader: Caller, shown: Shown) -> None:
    for scan in range(7):
        shown.finding(str(10 + scan), study_id=f"S{scan // 4}")
    found, address = [], "/api/findings/?page_size=2"
    while address:
        answer = reader.get(address.removeprefix("http://localhost"))
        found += ids(answer)
        address = answer.json["next"]
    assert found == [str(10 + scan) for scan in range(7)]


def test_a_finding_links_to_its_pictures_while_they_show_it_as_it_is(
    reader: Caller, shown: Shown, tmp_path: Any
) -> None:
    current, outdated, bare = (shown.finding(scan) for scan in ("10", "11", "12"))
    shown.picture(current, scan_png())
    shown.picture(outdated, scan_png(), finding_hash="h0")
    shown.scan(current, tmp_path / "scan.png", scan_png())
    one = reader.get(f"/api/findings/{current}/").json
    assert one["picture_url"] == f"/api/findings/{current}/picture"
    assert (one["thumbnail_url"], one["scan_url"]) == (
        f"/api/findings/{current}/thumbnail",
        f"/api/findings/{current}/scan",
    )
    for finding_id in (outdated, bare):
        other = reader.get(f"/api/findings/{finding_id}/").json
        assert (other["picture_url"], other["thumbnail_url"], other["scan_url"]) == (None, None, None)
    assert reader.get("/api/findings/").json["results"][0] == one
    assert reader.get("/api/findings/unknown/").status == 404
    assert reader.get(f"/api/findings/{current}/", size="1").status == 400


def test_a_rejection_has_its_reason_in_words(reader: Caller, shown: Shown) -> None:
    fill_all(shown)
    (row,) = reader.get("/api/rejections/", reason="single_reader").json["results"]
    assert (row["study_id"], row["reason"], row["detail"]) == ("S2", "single_reader", "Only one reader read it")
    assert reader.get("/api/rejections/", reason="another").json["results"] == []


def test_agreement_is_filtered_by_its_measures(reader: Caller, shown: Shown) -> None:
    fill_all(shown)
    shown.run("insert into marts.reader_agreement values (%s, 'U1', 'U3', 5, 0, 0, 0, 5, 0, 1, null, null, 1)", MASS)
    assert ids(reader.get("/api/agreement/", cohens_kappa__gt="0.5"), "reader_b") == ["U2"]
    assert ids(reader.get("/api/agreement/"), "reader_b") == ["U2", "U3"]


def test_cases_say_what_is_there_and_never_what_a_report_says(reader: Caller, shown: Shown, rows_of: Any) -> None:
    fill_all(shown)
    shown.run("create schema if not exists doubleread")
    answer = reader.get("/api/cases/", year="2014", has_report="true")
    (row,) = answer.json["results"]
    assert (row["case_id"], row["view_count"], row["missing_views"], row["has_report"]) == ("S01", 3, ["r_cc"], True)
    assert "report" not in row
    assert rows_of("select actor, action, kind, keys from audit where action = 'look'") == [
        (reader.name, "look", "case", ["2014/S01"])
    ]


def test_a_list_of_no_case_is_no_look(reader: Caller, shown: Shown, rows_of: Any) -> None:  # noqa: ARG001
    assert reader.get("/api/cases/").status == 200
    assert rows_of("select * from audit where action = 'look'") == []


def test_predictions_are_filtered_by_job_series_and_score(reader: Caller, shown: Shown) -> None:
    fill_all(shown)
    shown.run("insert into marts.inference_scores values ('s2', 'r1', 'onnx', '1.2', 0, null, null, 1, null, 0.75)")
    assert ids(reader.get("/api/predictions/", ordering="-score"), "score") == [0.75, 0.25]
    assert ids(reader.get("/api/predictions/", score__gt="0.5", job="onnx"), "score_id") == ["s2"]
    (row,) = reader.get("/api/predictions/", score_name="mass").json["results"]
    assert (row["run_id"], row["slice_index"], row["ended_at"][:10]) == ("run", 3, "2026-01-31")
