"""Lists: filters that filter or are refused, and pages that hold every row once."""

import csv
import io
import math
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Caller, element

ELEMENTS = "/api/elements/"
FIELDS = ("average_before_normalization", "average_after_normalization", "data_size", "created_date", "updated_date")
SIGNS = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}


@pytest.fixture
def some(writer: Caller, database: Any) -> list[dict[str, Any]]:
    """Elements of three devices and two days, several alike."""
    for number in range(20):
        rows = [f"{number % 4} 5 {number % 3}"] * (1 + number % 2)
        assert writer.post(ELEMENTS, element(f"e{number:02d}", *rows, device=f"D{number % 3}")).status == 201
    with database.connect() as connection:
        connection.execute(
            "update doubleread.elements set created_date = '2026-01-01', updated_date = '2026-02-01' "
            "where id in ('e03', 'e07', 'e08')"
        )
    return walk(writer, f"{ELEMENTS}?page_size=1000")


def walk(caller: Caller, link: str, way: str = "next") -> list[dict[str, Any]]:
    """Every row of the pages from a link on."""
    rows: list[dict[str, Any]] = []
    while link:
        parts = urlsplit(link)
        answer = caller.get(parts.path, **dict(parse_qsl(parts.query)))
        assert answer.status == 200, answer.body
        rows = rows + answer.json["results"] if way == "next" else answer.json["results"] + rows
        link = answer.json[way]
    return rows


def test_a_filter_gives_the_rows_that_python_would(writer: Caller, some: list[dict[str, Any]]) -> None:
    for field, sign in product(FIELDS, SIGNS):
        bound = sorted({row[field] for row in some})[1]
        wanted = [row["id"] for row in some if SIGNS[sign](row[field], bound)]
        found = writer.get(ELEMENTS, **{f"{field}__{sign}": str(bound)}).json["results"]
        assert [row["id"] for row in found] == wanted, (field, sign)
        assert len(wanted) < len(some) or sign == "lte"


def test_filters_narrow_together_and_by_device(writer: Caller, some: list[dict[str, Any]]) -> None:
    found = writer.get(ELEMENTS, device_name="D1", data_size__gt="3", created_date__gte="2026-02-01").json["results"]
    of_device = [row for row in some if row["device_name"] == "D1" and row["data_size"] > 3]
    assert found == [row for row in of_device if row["created_date"] > "2026-02"]
    assert 0 < len(found) < len(of_device)
    assert writer.get(ELEMENTS, device_name="nobody's").json["results"] == []


@pytest.mark.parametrize(
    ("field", "sign", "size"),
    [("created_date", "", "1"), ("created_date", "-", "3"), ("data_size", "-", "7"), (FIELDS[0], "", "3")],
)
def test_pages_hold_every_row_once_in_order_both_ways(
    writer: Caller, some: list[dict[str, Any]], field: str, sign: str, size: str
) -> None:
    first = f"{ELEMENTS}?ordering={sign}{field}&page_size={size}&data_size__lte=6"
    rows = walk(writer, first)
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in some)
    assert [row[field] for row in rows] == sorted((row[field] for row in rows), reverse=sign == "-")
    page = writer.get(ELEMENTS, ordering=sign + field, page_size=size, data_size__lte="6").json
    link, last = page["next"], page
    while link:
        parts = urlsplit(link)
        last = writer.get(parts.path, **dict(parse_qsl(parts.query))).json
        link = last["next"]
    assert walk(writer, last["previous"], "previous") + last["results"] == rows


def test_a_row_that_is_stored_or_deleted_meanwhile_moves_no_page(writer: Caller, some: list[dict[str, Any]]) -> None:
    page = writer.get(ELEMENTS, page_size="5").json
    writer.call("DELETE", f"{ELEMENTS}{page['results'][-1]['id']}/")
    writer.post(ELEMENTS, element("new"))
    rest = walk(writer, page["next"])
    assert [row["id"] for row in page["results"] + rest] == [row["id"] for row in some] + ["new"]


def test_a_page_ends_before_its_data_grow_too_large(writer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.api.elements.listing import ELEMENTS as LISTING

    for number in range(6):
        assert writer.post(ELEMENTS, element(f"e{number}", "1 " * 100 * (1 + number))).status == 201
    monkeypatch.setitem(LISTING.__dict__, "page_weight", 500)
    sizes = [row["data_size"] for row in writer.get(ELEMENTS).json["results"]]
    assert sizes == [100, 200]
    assert [row["data_size"] for row in walk(writer, ELEMENTS)] == [100, 200, 300, 400, 500, 600]
    last = writer.get(ELEMENTS, ordering="-data_size", page_size="3").json
    assert [row["data_size"] for row in last["results"]] == [600]


REFUSED = [
    *[("unknown", "1"), ("id", "e01"), ("data", "1"), ("device_name__gt", "a"), ("data_size__", "3")],
    *[("data_size__ne", "3"), ("data_size__gt", "three"), ("data_size__gt", ""), ("data_size__gt", "1.5")],
    *[("data_size__gt", "9" * 30), ("data_size__gt", "1_000"), ("data_size__gt", "٣")],
    *[("average_before_normalization__gt", value) for value in ("nan", "inf", "1e999", "0x10", "1,5", "1_0")],
    *[("created_date__gt", value) for value in ("yesterday", "2026-13-01", "2026-01-01 00:00:00 00:00", "1e9", "")],
    *[("ordering", value) for value in ("data", "id", "--data_size", "data_size,id", "", "data_size; drop table")],
    *[("page_size", value) for value in ("0", "-1", "1001", "ten", "1.0", "", "99999999999")],
    *[("cursor", value) for value in ("", "x", "e30=", "WzFd", "bnVsbA==", "W" * 5000, "0-0", "=")],
    *[("format", value) for value in ("xml", "", "JSON")],
    *[("device_name", value) for value in ("a\0b", "", "x" * 1001)],
]


def test_an_unknown_or_malformed_parameter_is_refused_by_name(reader: Caller) -> None:
    for name, value in REFUSED:
        answer = reader.get(ELEMENTS, **{name: value})
        assert answer.status == 400, (name, value)
        assert name in answer.json["detail"] or "\0" in value, (name, value)


def test_a_parameter_that_is_given_twice_is_refused(reader: Caller) -> None:
    assert reader.call("GET", f"{ELEMENTS}?data_size__gt=1&data_size__gt=2").status == 400


@pytest.mark.usefixtures("some")
def test_a_cursor_serves_its_own_order_alone(writer: Caller) -> None:
    cursor = dict(parse_qsl(urlsplit(writer.get(ELEMENTS, page_size="3").json["next"]).query))["cursor"]
    assert writer.get(ELEMENTS, cursor=cursor, ordering="-created_date").status == 400
    assert writer.get(ELEMENTS, cursor=cursor, ordering="data_size").status == 400
    assert writer.get(ELEMENTS, cursor=cursor).status == 200


def test_csv_holds_the_same_rows_and_the_link_to_the_next_page(writer: Caller, some: list[dict[str, Any]]) -> None:
    answer = writer.get(ELEMENTS, format="csv", page_size="15")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["id"] for row in rows] == [row["id"] for row in some[:15]]
    assert [row["created_date"] for row in rows] == [row["created_date"] for row in some[:15]]
    assert math.isclose(float(rows[4]["average_after_normalization"]), some[4]["average_after_normalization"])
    link = answer.headers["Link"]
    assert link.endswith('; rel="next"')
    parts = urlsplit(link[1 : link.index(">")])
    assert writer.get(parts.path, **dict(parse_qsl(parts.query))).body.count(b"\r\n") == 6


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=30), value=st.text(max_size=60))
def test_no_parameter_whatever_it_holds_is_a_failure_of_the_service(reader: Caller, name: str, value: str) -> None:
    for parameters in ({name: value}, {"device_name": value}, {"cursor": value}, {"data_size__gt": value}):
        try:
            answer = reader.get(ELEMENTS, **parameters)
        except UnicodeEncodeError:
            return  # half a surrogate pair, which no URL can hold
        assert answer.status in {200, 400}
