"""Elements: stored whole or not at all, measured as the command measures, changed only where they may be."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.api.conftest import ROWS, Caller, element

ELEMENTS = "/api/elements/"


def one(id_: str) -> str:
    return f"{ELEMENTS}{quote(id_, safe='')}/"


def test_an_element_is_stored_and_shown_with_its_averages(writer: Caller) -> None:
    stored = writer.post(ELEMENTS, element("aabbcc1"))
    assert stored.status == 201
    found = stored.json
    assert round(found["average_before_normalization"], 6) == 54.433333
    assert round(found["average_after_normalization"], 6) == 0.561168
    assert (found["id"], found["device_name"], found["data_size"], found["data"]) == ("aabbcc1", "CT SCAN", 30, ROWS)
    assert found["created_date"] == found["updated_date"]
    assert writer.get(one("aabbcc1")).json == found
    assert writer.get(ELEMENTS).json == {"next": None, "previous": None, "results": [found]}


def test_a_batch_answers_in_the_order_sent(writer: Caller) -> None:
    batch = {str(number): element(f"e{number}", f"{number} 1") for number in (9, 1, 5)}
    answer = writer.post(ELEMENTS, batch)
    assert answer.status == 201
    assert [item["id"] for item in answer.json] == ["e9", "e1", "e5"]
    assert [writer.get(one(item["id"])).json for item in answer.json] == answer.json


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (["0 0", "-1"], "largest value is 0"),
        ([], "no number"),
        (["", " "], "no number"),
        (["1 two 3"], "not an integer"),
        (["1.5"], "not an integer"),
        ([str(2**63)], "outside"),
        (["9" * 5000], "outside"),
        ("1 2", "list of rows"),
        ([1, 2], "text"),
    ],
)
def test_data_that_cannot_be_measured_are_refused_with_the_reason(writer: Caller, data: object, reason: str) -> None:
    answer = writer.post(ELEMENTS, {"id": "x", "data": data, "deviceName": "CT"})
    assert answer.status == 400
    assert reason in answer.json["detail"]
    assert writer.get(ELEMENTS).json["results"] == []


def test_a_batch_with_wrong_elements_stores_nothing_and_names_each(writer: Caller) -> None:
    batch = {"1": element("good"), "2": element("zero", "0"), "7": {"id": "more", "data": ["1"]}}
    answer = writer.post(ELEMENTS, batch)
    assert answer.status == 400
    assert {problem["item"]: problem["reason"] for problem in answer.json["problems"]} == {
        "2": "not normalisable: the largest value is 0",
        "7": "deviceName is missing",
    }
    assert writer.get(ELEMENTS).json["results"] == []


def test_a_repeated_id_is_a_conflict_in_the_table_and_within_a_batch(writer: Caller) -> None:
    assert writer.post(ELEMENTS, element("there")).status == 201
    assert writer.post(ELEMENTS, element("there", "1")).status == 409
    answer = writer.post(ELEMENTS, {"a": element("new"), "b": element("there")})
    assert (answer.status, [problem["item"] for problem in answer.json["problems"]]) == (409, ["b"])
    answer = writer.post(ELEMENTS, {"a": element("twin"), "b": element("twin")})
    assert (answer.status, [problem["item"] for problem in answer.json["problems"]]) == (409, ["b"])
    assert [item["id"] for item in writer.get(ELEMENTS).json["results"]] == ["there"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"{}", b"null", b"3", b'"text"', b"NaN", b'{"1": NaN}', b"\xff"),
        b'{"1": ' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000,
        b'{"1": ' * 1_000 + b"1" + b"}" * 1_000,
        b'{"id": "a\\u0000b", "data": ["1"], "deviceName": "CT"}',
        b'{"id": "a", "data": ["1"], "deviceName": "\\ud800"}',
        b'{"1": {"id": "a", "data": ["1"], "deviceName": "CT"}, "1": {"id": "b", "data": ["1"], "deviceName": "CT"}}',
        b'{"id": "a", "data": ["1"], "deviceName": "CT", "average": 3}',
        b'{"id": 7, "data": ["1"], "deviceName": "CT"}',
        b'{"id": "", "data": ["1"], "deviceName": "CT"}',
        b'{"id": "' + b"a" * 201 + b'", "data": ["1"], "deviceName": "CT"}',
        b'{"id": "a", "data": ["1"], "deviceName": "CT", "n": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_element_is_refused(writer: Caller, body: bytes) -> None:
    answer = writer.call("POST", ELEMENTS, body)
    assert answer.status == 400
    assert answer.json["detail"]
    assert writer.get(ELEMENTS).json["results"] == []


@pytest.mark.parametrize("id_", ["a/b", "..", "a b", "é", "a%2Fb", "a'; drop table elements --", "?x=1#y", "a//b/"])
def test_any_id_that_can_be_stored_can_be_reached(writer: Caller, id_: str) -> None:
    assert writer.post(ELEMENTS, element(id_)).status == 201
    assert writer.get(one(id_)).json["id"] == id_
    assert writer.call("DELETE", one(id_)).status == 204
    assert writer.get(one(id_)).status == 404


def test_the_device_and_the_id_can_be_changed_and_nothing_else(writer: Caller) -> None:
    before = writer.post(ELEMENTS, element("a")).json
    after = writer.call("PATCH", one("a"), {"device_name": "MR 2"}).json
    assert {name for name in before if before[name] != after[name]} == {"device_name", "updated_date"}
    after = writer.call("PUT", one("a"), {"id": "b", "device_name": "MR 3"}).json
    assert (after["id"], after["device_name"]) == ("b", "MR 3")
    assert writer.get(one("a")).status == 404
    for change in ({"data": ["1"]}, {"data_size": 3}, {"device_name": "CT", "created_date": "2026-01-01"}, {}, [1]):
        assert writer.call("PATCH", one("b"), change).status == 400
    for change in ({"device_name": ""}, {"id": None}, {"id": "x" * 201}, {"device_name": "a\0b"}):
        assert writer.call("PATCH", one("b"), change).status == 400
    assert writer.call("PUT", one("b"), {"id": "b"}).status == 400
    assert writer.call("PATCH", one("nothing"), {"id": "c"}).status == 404
    assert writer.get(one("b")).json == after


def test_an_id_cannot_become_anothers(writer: Caller) -> None:
    writer.post(ELEMENTS, {"1": element("a"), "2": element("b")})
    assert writer.call("PATCH", one("a"), {"id": "b"}).status == 409
    assert {item["id"] for item in writer.get(ELEMENTS).json["results"]} == {"a", "b"}


def test_of_two_who_write_one_id_at_once_one_succeeds(writer: Caller) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: writer.post(ELEMENTS, element("same", str(number + 1))), range(16)))
        assert sorted(answer.status for answer in answers) == [201, *[409] * 15]
        changes = list(
            threads.map(lambda number: writer.call("PATCH", one("same"), {"id": f"n{number}"}).status, range(16))
        )
    assert sorted(changes) == [200, *[404] * 15]
