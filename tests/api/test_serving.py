"""Starting the service: its command, its tables, its settings, and what its documents say."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.api import start
from orchestration.errors import SettingsError
from orchestration.settings import load_settings
from tests.api.live import Live

PAGE = Path(__file__).parents[2] / "docs" / "service.md"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def test_the_session_of_the_documents_prints_what_they_say(live: Live) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    (session,) = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    environment = os.environ | {
        "AUTH": f"Authorization: Bearer {live.tokens['writer']}",
        "JSON": "Content-Type: application/json",
        "URL": f"http://127.0.0.1:{live.port}",
    }
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(steps) == 9
    for command, expected in steps:
        assert command.startswith("curl ")
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
        printed = done.stdout.replace("\r\n", "\n")
        assert re.sub(TIME, "TIME", printed).strip() == re.sub(TIME, "TIME", expected).strip(), command


def test_every_endpoint_of_the_schema_is_in_the_documents(live: Live) -> None:
    schema = yaml.safe_load(live.call("GET", "/api/schema/").body)
    text = PAGE.read_text() + PAGE.with_name("service_pages.md").read_text()
    named = {re.sub(r"<\w+>", "<>", path) for path in re.findall(r"(/[a-z/<>_-]+)", text)}
    paths = {re.sub(r"\{\w+\}", "<>", path) for path in schema["paths"]}
    assert paths - named == set()


def test_tokens_are_made_listed_and_revoked_by_commands(live: Live) -> None:
    token = live.run("token", "create", "a robot", "--role", "writer").strip()
    live.tokens["robot"] = token
    assert live.call("GET", "/api/elements/", role="robot").status == 200
    assert "a robot" in live.run("token", "list")
    listed = {row["name"]: row for row in yaml.safe_load(live.run("token", "list", "--json"))}
    assert (listed["a robot"]["role"], listed["a robot"]["revoked"]) == ("writer", None)
    assert listed["a robot"]["last_used"]
    assert token not in live.run("token", "list", "--json")
    assert "another name" in live.run("token", "create", "a robot", "--role", "reader", status=2)
    live.run("token", "revoke", "a robot")
    assert live.call("GET", "/api/elements/", role="robot").status == 401
    live.run("token", "revoke", "a robot", status=2)
    live.run("token", "revoke", "nobody", status=2)
    live.run("token", "create", "x", "--role", "king", status=2)


def test_migrating_again_changes_nothing_and_the_key_is_this_users_alone(live: Live) -> None:
    key = live.folder / ".doubleread" / "service" / "secret_key"
    before = key.read_text()
    assert live.run("serve", "--migrate-only") == ""
    assert key.read_text() == before
    assert len(before) >= 50
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_it_listens_beyond_this_machine_only_under_a_name(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DOUBLEREAD_PUBLIC_URL" in live.run("serve", "--host", "0.0.0.0", status=2)  # noqa: S104
    for host in ("127.0.0.1", "::1", "localhost"):
        start.check_host(load_settings(), host)
    for host in ("0.0.0.0", "::", "10.0.0.1", "results.hospital.example"):  # noqa: S104
        with pytest.raises(SettingsError):
            start.check_host(load_settings(), host)
    monkeypatch.setenv("DOUBLEREAD_PUBLIC_URL", "https://results.hospital.example")
    start.check_host(load_settings(), "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("DOUBLEREAD_PUBLIC_URL", value) for value in ("results.example", "ftp://x", "https://a:b@x", "https://x?y")],
        *[("DOUBLEREAD_DAGSTER_URL", "localhost:3000"), ("DOUBLEREAD_BODY_LIMIT", "0")],
        *[("DOUBLEREAD_RATE_LIMIT", "0"), ("DOUBLEREAD_RATE_LIMIT", "many"), ("DOUBLEREAD_SECRET_KEY", "short")],
    ],
)
def test_a_wrong_setting_is_named_at_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


DEPLOYED = """
import os
from orchestration.api import start
from orchestration.database import Database
from orchestration.settings import load_settings
settings = load_settings()
start.set_up(settings, Database(settings.libpq_environment))
from django.conf import settings as django
from django.core import checks
assert not getattr(django, "SILENCED_SYSTEM_CHECKS", [])
assert django.SESSION_COOKIE_SECURE and django.CSRF_COOKIE_SECURE and django.SECURE_HSTS_SECONDS > 0
assert checks.run_checks(include_deployment_checks=True) == [], checks.run_checks(include_deployment_checks=True)
from django.test import Client
answer = Client(SERVER_NAME="results.hospital.example").get("/login/")
assert (answer.status_code, answer.headers["Location"]) == (301, "https://results.hospital.example/login/")
answer = Client(SERVER_NAME="results.hospital.example").get("/healthz", headers={"X-Forwarded-Proto": "https"})
assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
assert Client(SERVER_NAME="evil.example").get("/healthz").status_code == 400
"""


def test_behind_a_name_with_https_djangos_check_of_deployments_is_clean(live: Live) -> None:
    result = _python(live, DEPLOYED, DOUBLEREAD_PUBLIC_URL="https://results.hospital.example")
    assert result.returncode == 0, result.stderr


def test_without_the_extra_the_command_says_what_to_install(live: Live) -> None:
    hidden = "import sys; sys.modules['django'] = None; sys.argv = ['doubleread', 'serve']\n"
    result = _python(live, hidden + "from orchestration.cli import main; main()")
    assert result.returncode == 2
    assert "pip install 'doubleread[service]'" in result.stderr


def test_the_models_are_what_the_migrations_make(database: Any) -> None:  # noqa: ARG001  Django
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def _python(live: Live, program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:orchestration", "-c", program],
        cwd=live.folder,
        env=live.environment | settings,
        capture_output=True,
        text=True,
        check=False,
    )
