"""Tokens, sessions of pages, limits, and the audit that nobody changes."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.api.conftest import Caller, element

ELEMENTS = "/api/elements/"


def browser(**keywords: Any) -> Any:
    from django.test import Client

    return Client(raise_request_exception=False, SERVER_NAME="localhost", headers={"Accept": "text/html"}, **keywords)


def test_a_token_is_kept_as_a_digest_alone(make_caller: Any, rows_of: Any) -> None:
    caller = make_caller("writer", "the pipeline")
    ((name, role, digest),) = rows_of("select name, role, digest from token")
    assert (name, role, digest) == ("the pipeline", "writer", hashlib.sha256(caller.token.encode()).hexdigest())
    assert len(caller.token) > 40
    assert caller.token not in str(rows_of("select * from audit"))


def test_names_of_tokens_are_checked_and_used_once(make_caller: Any) -> None:
    from orchestration.api.accounts.errors import TokenExistsError, TokenNameError

    make_caller("reader", "me")
    with pytest.raises(TokenExistsError):
        make_caller("admin", "me")
    for name in (" me", "a\nb", "x" * 101, "<script>", "-"):
        with pytest.raises(TokenNameError):
            make_caller("reader", name)


def test_every_write_is_audited_with_who_when_and_what(writer: Caller, rows_of: Any) -> None:
    writer.post(ELEMENTS, {"1": element("a"), "2": element("b")})
    writer.call("PATCH", f"{ELEMENTS}a/", {"device_name": "MR"})
    writer.call("PATCH", f"{ELEMENTS}a/", {"device_name": "MR"})
    writer.call("DELETE", f"{ELEMENTS}b/")
    writer.post(ELEMENTS, element("a"))
    writer.post(ELEMENTS, element("c"))
    entries = rows_of(
        "select actor, role, action, keys, changes, at <= now() from audit where kind = 'element' order by id"
    )
    assert [entry[:4] for entry in entries] == [
        ("the writer", "writer", "create", ["a", "b"]),
        ("the writer", "writer", "change", ["a"]),
        ("the writer", "writer", "delete", ["b"]),
        ("the writer", "writer", "create", ["c"]),
    ]
    assert entries[1][4] == {"device_name": ["CT SCAN", "MR"]}
    assert entries[2][4]["device_name"] == "CT SCAN"
    assert all(entry[5] for entry in entries)


@pytest.mark.usefixtures("database")
def test_looks_are_recorded_with_all_that_was_seen(rows_of: Any) -> None:
    from orchestration.api.audit.services import Auditor

    Auditor("a person", "reader", "the request").looked_at("picture", ["f1", "f2"])
    assert rows_of("select actor, action, kind, keys, changes, request_id from audit") == [
        ("a person", "look", "picture", ["f1", "f2"], {}, "the request")
    ]


def test_nobody_is_no_actor() -> None:
    from orchestration.api.audit.services import AnonymousActorError, Auditor

    with pytest.raises(AnonymousActorError):
        Auditor("", "reader")


@pytest.mark.parametrize("statement", ["update audit set actor = 'x'", "delete from audit", "truncate audit"])
def test_the_database_refuses_to_change_the_audit(writer: Caller, database: Any, rows_of: Any, statement: str) -> None:
    writer.post(ELEMENTS, element("a"))
    before = rows_of("select * from audit")
    with database.connect() as connection:
        connection.execute("set search_path = doubleread_service")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            connection.execute(statement)
    assert rows_of("select * from audit") == before


def test_a_write_that_fails_leaves_no_entry_and_one_without_an_entry_is_not_made(
    writer: Caller, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.api.audit.services import Auditor

    def fail(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Auditor, "_record", fail)
    assert writer.post(ELEMENTS, element("a")).status == 500
    monkeypatch.undo()
    assert writer.get(f"{ELEMENTS}a/").status == 404
    assert rows_of("select count(*) from audit where kind = 'element'") == [(0,)]


def limited(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    from django.conf import settings

    from orchestration.api.accounts import throttling

    changed = settings.DOUBLEREAD.model_copy(update={"doubleread_rate_limit": limit})
    monkeypatch.setattr(settings, "DOUBLEREAD", changed)
    monkeypatch.setattr(throttling, "_allowance", throttling.Allowance())
    monkeypatch.setattr(throttling.time, "time", lambda: 90.0)  # in the middle of a minute


def test_a_token_that_sends_too_much_is_told_when_to_go_on(make_caller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 5
    limited(monkeypatch, limit)
    one, other = make_caller("reader", "one"), make_caller("reader", "other")
    statuses = [one.get(ELEMENTS).status for _ in range(limit + 3)]
    assert statuses == [200] * limit + [429] * 3
    assert one.get(ELEMENTS).headers["Retry-After"] == "30"
    assert other.get(ELEMENTS).status == 200
    monkeypatch.setattr("orchestration.api.accounts.throttling.time.time", lambda: 121.0)
    assert one.get(ELEMENTS).status == 200


def test_workers_together_give_out_no_more_than_the_limit(reader: Caller) -> None:
    from orchestration.api.accounts.models import Token
    from orchestration.api.accounts.throttling import Allowance

    key = Token.objects.get(name=reader.name).pk
    workers = [Allowance() for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        given = list(threads.map(lambda worker: sum(worker.take(key, 1, 1000) for _ in range(700)), workers))
    assert sum(given) == 1000


def test_a_person_logs_in_with_a_token_and_is_out_when_it_is_revoked(make_caller: Any) -> None:
    from orchestration.api.accounts.services import revoke_token
    from orchestration.api.audit.services import Auditor

    caller = make_caller("reader", "a person")
    page = browser(enforce_csrf_checks=True)
    answer = page.get("/api/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=/api/")
    form = page.get("/login/?next=/api/").content.decode()
    assert page.post("/login/", {"token": caller.token, "next": "/api/"}).status_code == 403, "without the CSRF token"
    csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
    wrong = page.post("/login/", {"token": "dr_wrong", "next": "/api/", "csrfmiddlewaretoken": csrf})
    assert (wrong.status_code, b"not known" in wrong.content) == (403, True)
    answer = page.post("/login/", {"token": caller.token, "next": "/api/", "csrfmiddlewaretoken": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/api/")
    assert page.get("/api/").status_code == 200
    assert page.get(ELEMENTS).status_code == 200
    revoke_token(caller.name, Auditor("tests", ""))
    assert page.get("/api/").status_code == 302
    assert page.get(ELEMENTS).status_code == 401


def test_a_session_cannot_write_without_the_csrf_token(make_caller: Any) -> None:
    from django.test import Client

    page = browser(enforce_csrf_checks=True)
    open_page = browser()
    open_page.post("/login/", {"token": make_caller("writer").token})
    page.cookies = open_page.cookies
    assert page.post(ELEMENTS, element("a"), content_type="application/json").status_code == 403
    assert isinstance(open_page, Client)
    assert open_page.post(ELEMENTS, element("a"), content_type="application/json").status_code == 201


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_logging_in_leads_to_no_other_site(make_caller: Any, wanted: str) -> None:
    answer = browser().post("/login/", {"token": make_caller("reader").token, "next": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_the_admin_page_is_for_admins(make_caller: Any) -> None:
    for role, status in (("reader", 403), ("writer", 403), ("admin", 200)):
        page = browser()
        page.post("/login/", {"token": make_caller(role).token})
        assert page.get("/admin/", follow=True).status_code == status
    for table in ("accounts/token", "audit/auditentry", "elements/element", "elements/device", "jobs/job"):
        assert page.get(f"/admin/{table}/").status_code == 200, table
        assert page.get(f"/admin/{table}/add/").status_code == 403, table
    assert b"digest" not in page.get("/admin/accounts/token/1/change/").content


def test_an_admin_revokes_tokens_on_the_admin_page_and_it_is_audited(make_caller: Any, rows_of: Any) -> None:
    from orchestration.api.accounts.models import Token

    victim, page = make_caller("reader", "victim"), browser()
    page.post("/login/", {"token": make_caller("admin", "boss").token})
    key = Token.objects.get(name="victim").pk
    page.post("/admin/accounts/token/", {"action": "revoke", "_selected_action": [key]})
    assert victim.get(ELEMENTS).status == 401
    assert rows_of("select actor, keys from audit where action = 'change'") == [("boss", ["victim"])]


def test_answers_carry_headers_that_keep_browsers_safe(reader: Caller) -> None:
    for answer in (reader.get(ELEMENTS), reader.get("/login/"), reader.get("/nowhere")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] in {
            "no-store",
            "max-age=0, no-cache, no-store, must-revalidate, private",
        }
