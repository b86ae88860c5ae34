"""What a blob's name says, however the hospital arranges it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.cases.names import FIRST_YEAR, BlobName, parse_blob_name

LAST_YEAR = 2026  # passed, and so plausible whenever the tests run
years = st.integers(FIRST_YEAR, LAST_YEAR)
dates = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
ids = st.from_regex(r"S[0-9]{1,12}", fullmatch=True)
views = st.sampled_from(["L__CC", "L__MLO", "R__CC", "R__MLO"])
# Nothing in them can be taken for a part of a name, and they separate: neither letters of the parts nor digits.
separators = st.text(st.sampled_from("/_-. ()"), min_size=1, max_size=3)


@given(year=years, case_id=ids, view=views, data=st.data())
def test_year_id_and_view_are_found_in_any_order_and_between_any_separators(
    year: int, case_id: str, view: str, data: st.DataObject
) -> None:
    parts = data.draw(st.permutations([f"{year:04d}", case_id, view]))
    name = "".join(data.draw(separators) + part for part in parts) + data.draw(st.sampled_from(["", ".dcm", "/a.png"]))
    assert parse_blob_name(name) == BlobName(year, case_id, view.lower().replace("__", "_"), None)


@given(day=dates, case_id=ids, view=views, data=st.data())
def test_a_date_with_the_year_first_gives_its_year_beside_the_same_year_or_alone(
    day: date, case_id: str, view: str, data: st.DataObject
) -> None:
    beside = data.draw(st.sampled_from(["", f"{day.year}/"]))
    found = parse_blob_name(f"{beside}{day:%Y%m%d}/{case_id}/{view}.dcm")
    assert found == BlobName(day.year, case_id, view.lower().replace("__", "_"), None)


@given(day=dates, year=years, order=st.sampled_from(["%d%m%Y", "%m%d%Y"]))
def test_a_date_with_the_year_last_gives_none(day: date, year: int, order: str) -> None:
    assert parse_blob_name(f"{day.strftime(order)}/S1/L__CC") == BlobName(None, "S1", "l_cc", "no year")
    assert parse_blob_name(f"{year}/{day.strftime(order)}/S1/L__CC") == BlobName(year, "S1", "l_cc", None)


@given(
    number=st.integers(0, FIRST_YEAR - 1) | st.integers(3000, 9999),
    rest=st.sampled_from(["", "0101", "0000", "1332"]),
    year=years,
)
def test_a_number_that_is_no_plausible_year_stands_in_no_years_way(number: int, rest: str, year: int) -> None:
    assert parse_blob_name(f"{year}/S1_{number:04d}{rest}_L__CC.png") == BlobName(year, "S1", "l_cc", None)


@given(year=years, case_id=ids, view=views, more=st.from_regex(r"[0-9]{1,4}", fullmatch=True))
def test_an_id_is_not_found_in_a_longer_one(year: int, case_id: str, view: str, more: str) -> None:
    found = parse_blob_name(f"{year:04d}/{case_id}{more}/{view}.dcm")
    assert found is not None
    assert found.case_id == case_id + more


@given(st.text(max_size=60))
def test_whatever_is_found_stands_in_the_name(name: str) -> None:
    found = parse_blob_name(name)
    if found is None:
        return
    assert found.year is None or str(found.year) in name
    assert found.case_id is None or found.case_id in name
    assert found.view is None or found.view.replace("_", "__") in name
    assert (found.problem is None) == (None not in (found.year, found.case_id, found.view))


@pytest.mark.parametrize(
    ("name", "year", "case_id", "view", "problem"),
    [
        ("2014/S0000001/L__CC.dcm", 2014, "S0000001", "l_cc", None),
        ("x2014y-S1-R__MLO", 2014, "S1", "r_mlo", None),
        ("S2014/2013/L__CC.dcm", 2013, "S2014", "l_cc", None),
        ("2014/S0000001/2014_S0000001_L__CC.dcm", 2014, "S0000001", "l_cc", None),
        ("2016/S0000004_IMG_0001_L__CC.png", 2016, "S0000004", "l_cc", None),
        ("2016/S0000004_IMG_1901_L__CC.png", None, "S0000004", "l_cc", "more than one year (1901, 2016)"),
        ("20140312/S0000001/L__CC.dcm", 2014, "S0000001", "l_cc", None),
        ("20140229/S0000001/L__CC.dcm", None, "S0000001", "l_cc", "no year"),
        ("20140312120000/S0000001/L__CC.dcm", None, "S0000001", "l_cc", "no year"),
        ("2016/20151230/S0000001/L__CC.dcm", None, "S0000001", "l_cc", "more than one year (2015, 2016)"),
        ("2013/2014/S0000001/L__CC.dcm", None, "S0000001", "l_cc", "more than one year (2013, 2014)"),
        ("2014/S0000001-S0000002/L__CC.dcm", 2014, None, "l_cc", "more than one id (S0000001, S0000002)"),
        ("2014/S0000001/L__CC_R__CC.dcm", 2014, "S0000001", None, "more than one view (l_cc, r_cc)"),
        ("2014/XS0000001/L__CC.dcm", 2014, None, "l_cc", "no id"),
        ("2014/S0000001a/L__CC.dcm", 2014, None, "l_cc", "no id"),
        ("2014/S0000001/L_CC.dcm", 2014, "S0000001", None, "no view"),
        ("2014/S0000001/ALL__CC.dcm", 2014, "S0000001", None, "no view"),
        ("2014/S/l__cc.dcm", 2014, None, None, "no id; no view"),
        ("2014/S\u0661\u0662/L__CC.dcm", 2014, None, "l_cc", "no id"),
    ],
)
def test_what_is_missing_or_ambiguous_is_said(
    name: str, year: int | None, case_id: str | None, view: str | None, problem: str | None
) -> None:
    assert parse_blob_name(name) == BlobName(year, case_id, view, problem)


@pytest.mark.parametrize("name", ["", "readme.txt", "S/12345/L_CC", "models/unet-v2/weights.bin", "٢٠١٤", "0001"])
def test_a_name_without_any_of_the_three_is_nothing(name: str) -> None:
    assert parse_blob_name(name) is None
