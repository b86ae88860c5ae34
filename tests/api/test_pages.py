"""The pages without a browser: what is not built, what is refused, and that nothing of a table becomes markup."""

import re
from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.api.shown import MASS, Shown, scan_png

PAGES = ("/", "/rejections/", "/agreement/", "/jobs/")


@pytest.fixture
def person(make_caller: Any) -> Any:
    """Log in with a token of a role, and ask for pages as a browser does."""
    from django.test import Client

    def log_in(role: str = "reader") -> Any:
        client = Client(raise_request_exception=False, SERVER_NAME="localhost", headers={"Accept": "text/html"})
        assert client.post("/login/", {"token": make_caller(role).token}).status_code == 302
        return client

    return log_in


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize("page", ["/", "/rejections/", "/agreement/"])
def test_a_mart_that_is_not_built_yet_is_a_page_that_says_what_to_do(person: Any, page: str) -> None:
    answer = person().get(page)
    assert answer.status_code == 200
    assert "Nothing is built yet" in text_of(answer)
    assert "doubleread build" in text_of(answer)


@pytest.mark.parametrize(
    ("page", "words"), [("/", "No findings"), ("/rejections/", "No rejections"), ("/jobs/", "No jobs")]
)
@pytest.mark.usefixtures("shown")
def test_an_empty_list_is_told_from_filters_that_nothing_passes(person: Any, page: str, words: str) -> None:
    assert f"<h2>{words}</h2>" in text_of(person().get(page))
    filters = "?state=failed" if page == "/jobs/" else f"?label={MASS}"
    assert f"<h2>{words} like this</h2>" in text_of(person("writer").get(f"{page}{filters}"))


@pytest.mark.parametrize("query", ["label=has_nothing", "study=1", "cursor=x", "page_size=0", "study_id=a&study_id=b"])
def test_a_page_refuses_what_it_does_not_know(person: Any, query: str) -> None:
    answer = person().get(f"/?{query}")
    assert (answer.status_code, "<h1>400</h1>" in text_of(answer)) == (400, True)


def test_an_unknown_finding_is_a_page_of_its_own(person: Any) -> None:
    answer = person().get("/findings/unknown/")
    assert (answer.status_code, "No finding has this id" in text_of(answer)) == (404, True)


def test_fields_left_empty_mean_nothing(person: Any, shown: Shown) -> None:
    shown.finding("10")
    answer = person().get("/?label=&matching_reader_count__gte=&study_id=")
    assert "Scan 10" in text_of(answer)


def test_the_wall_goes_on_where_the_page_before_ended(person: Any, shown: Shown) -> None:
    wanted = [str(100 + scan) for scan in range(110)]
    for scan_id in wanted:
        shown.finding(scan_id)
    client, address, found = person(), f"/?label={MASS}", []
    while address:
        text = text_of(client.get(address))
        found += re.findall(r"Scan (\d+)", text)
        following = re.search(r'rel="next" href="(\?[^"]+)"', text)
        address = f"/{following[1].replace('&amp;', '&')}" if following else ""
    assert found == wanted


def test_findings_lead_to_those_beside_them(person: Any, shown: Shown) -> None:
    first, second, third = (
        shown.finding(scan, study_id=study) for scan, study in (("10", "A"), ("11", "A"), ("12", "B"))
    )
    shown.finding("11", study_id="A", label="has_benign_mass")
    text = text_of(person().get(f"/findings/{second}/"))
    assert re.findall(r'rel="(?:prev|next)" href="/findings/(\w+)/"', text) == [first, third]
    assert "The models behind the findings are not in this database" in text
    assert "The scan was not retrieved" in text


def test_nothing_of_a_table_becomes_markup(person: Any, shown: Shown) -> None:
    evil = "<script>alert(1)</script>"
    finding_id = shown.finding("10", study_id=evil, readers=(evil, '" onload="x'))
    shown.run("insert into marts.rejected_findings values (%s, %s, 'single_reader', 1, 1)", evil, MASS)
    client = person()
    for page in ("/", f"/findings/{finding_id}/", "/rejections/", "/?study_id=%3Cscript%3E"):
        text = client.get(page).content.decode()
        assert "<script>" not in text, page
        assert ' onload="x' not in text, page


def test_pages_hold_nothing_that_the_policy_forbids(person: Any, shown: Shown) -> None:
    finding_id = shown.finding("10")
    shown.picture(finding_id, scan_png())
    client = person("admin")
    for page in (*PAGES, f"/findings/{finding_id}/", "/findings/none/"):
        answer = client.get(page)
        text = answer.content.decode()
        assert re.findall(r"style=|<style|javascript:|data:|\son\w+=|<script(?! src=\"/static)", text) == [], page
        assert "script-src 'self';" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store"


def test_only_those_who_may_write_cancel_jobs(person: Any, database: Any) -> None:
    with database.connect() as connection:
        connection.execute(
            "insert into doubleread_service.job (uid, job_name, in_dir, output_dir, state, submitted_by, created_at) "
            "values ('00000000-0000-4000-8000-000000000001', 'j', '/in', '/out', 'queued', 'me', now())"
        )
    address = "/jobs/00000000-0000-4000-8000-000000000001/cancel/"
    reader, writer = person("reader"), person("writer")
    assert address not in text_of(reader.get("/jobs/"))
    assert reader.post(address).status_code == 403
    assert address in text_of(writer.get("/jobs/rows/"))
    assert "<html" not in text_of(writer.get("/jobs/rows/"))
    assert writer.post(address).status_code == 503  # no Dagster runs here


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switch_of_light_and_dark_leads_nowhere_else(person: Any, back: str) -> None:
    answer = person().post("/theme/", {"theme": "dark", "next": back})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.cookies["theme"].value == "dark"
    assert "theme" not in person("writer").post("/theme/", {"theme": "<b>", "next": "/jobs/"}).cookies


def test_a_page_needs_a_session(nobody: Caller, reader: Caller) -> None:
    for page in PAGES:
        for caller in (nobody, reader):  # a token of the API opens no page
            answer = caller.get(page)
            assert (answer.status, answer.headers["Location"][:13]) == (302, "/login/?next="), page
