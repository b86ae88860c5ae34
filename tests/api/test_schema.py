"""The schema: true in every answer, with examples, and served without another host."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.conftest import element
from tests.api.live import Live

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
EXAMPLES = 5  # of each operation in each phase; a run by hand takes hundreds


@pytest.fixture(scope="module")
def schema(live: Live) -> Any:
    answer = live.call("GET", "/api/schema/", role="reader")
    assert answer.status == 200
    return yaml.safe_load(answer.body)


def operations(schema: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_requests_made_from_the_schema_find_no_fault(live: Live) -> None:
    live.call("POST", "/api/elements/", {str(number): element(f"e{number}") for number in range(3)})
    result = subprocess.run(
        [
            *(SCHEMATHESIS, "run", f"http://127.0.0.1:{live.port}/api/schema/", "--no-color"),
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--max-examples", str(EXAMPLES)),
            *("-H", f"Authorization: Bearer {live.tokens['admin']}", "--generation-database", "none"),
        ],
        cwd=live.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert not [line for line in live.log() if line.get("event") == "error"]


def test_every_endpoint_has_an_example_of_each_body(schema: Any) -> None:
    assert len(operations(schema)) >= 13
    for path, method, operation in operations(schema):
        assert operation["summary"], (method, path)
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in bodies + list(operation["responses"].values()):
            for content in body.get("content", {}).values():
                described = "examples" in content or path == "/api/schema/"
                assert described, (method, path, body.get("description"))


def test_every_endpoint_says_what_it_answers_to_those_without_rights(schema: Any) -> None:
    for path, method, operation in operations(schema):
        if path != "/api/schema/":
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), (method, path)
        assert operation["security"] == [{"token": []}], (method, path)


def test_the_page_of_the_schema_asks_no_other_host(live: Live) -> None:
    from urllib.parse import urlencode

    form = live.call("GET", "/login/", role="")
    csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.body.decode())[1]
    cookie = form.headers["set-cookie"].partition(";")[0]
    body = urlencode({"token": live.tokens["reader"], "csrfmiddlewaretoken": csrf}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    answer = live.call("POST", "/login/", body, role="", **kind)
    session = re.search(r"sessionid=\w+", answer.headers["set-cookie"])[0]
    page = live.call("GET", "/api/", role="", Cookie=session)
    assert page.status == 200
    assert b"swagger-ui-bundle.js" in page.body
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert len(links) >= 3
    assert [link for link in links if not link.startswith("/")] == []
    for link in links:
        assert live.call("GET", link, role="", Cookie=session).status == 200, link
    assert "unsafe-inline" not in re.search(r"script-src[^;]*", page.headers["content-security-policy"])[0]
