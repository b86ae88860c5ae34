"""Each service does what it is for; what a real client sees is the measure."""

import hmac
import http.client
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import obstore
import pytest
from azure.storage.blob import BlobServiceClient
from obstore.store import AzureStore, S3Store

from tests.services.azurite import Azurite, azurite
from tests.services.faults import FaultyProxy, Flip, Odds, Request, Reset, Script, Short, Stall, Status, faulty_proxy
from tests.services.process import serve
from tests.services.s3 import s3
from tests.services.slow_store import slow_store

BODY = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with azurite(tmp_path_factory.mktemp("azurite")) as running:
        with BlobServiceClient.from_connection_string(running.connection_string) as service:
            service.create_container("images")
            service.get_blob_client("images", "a/b.png").upload_blob(BODY)
        yield running


@pytest.fixture
def proxy(account):
    with faulty_proxy(account.blob_endpoint) as running:
        yield running


def blobs(account: Azurite) -> AzureStore:
    """A store that asks once: what the service answers is to be seen, not mended."""
    return AzureStore(
        "images",
        account_name=account.account_name,
        account_key=account.account_key,
        endpoint=account.blob_endpoint,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def read(account: Azurite, proxy: FaultyProxy) -> bytes:
    return bytes(obstore.get(blobs(account.behind(blob_proxy=proxy.endpoint)), "a/b.png").bytes())


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


def ask(endpoint: str, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = "") -> Answer:
    with closing(http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)) as connection:
        connection.request(method, path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def answers(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_azurite_serves_blobs_to_both_clients(account):
    with BlobServiceClient.from_connection_string(account.connection_string) as service:
        assert service.get_blob_client("images", "a/b.png").download_blob().readall() == BODY
    assert bytes(obstore.get(blobs(account), "a/b.png").bytes()) == BODY


def test_azurite_serves_tables(account):
    """Shared Key Lite, as "Authorize with Shared Key" of the Table service's reference states it."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    path = f"/{account.account_name}/Tables"
    signed = hmac.digest(b64decode(account.account_key), f"{date}\n/{account.account_name}{path}".encode(), "sha256")
    headers = {
        "x-ms-date": date,
        "x-ms-version": "2019-02-02",
        "Authorization": f"SharedKeyLite {account.account_name}:{b64encode(signed).decode()}",
        "Content-Type": "application/json",
        "Accept": "application/json;odata=nometadata",
    }
    created = ask(account.table_endpoint, "POST", path, headers, json.dumps({"TableName": "report"}))
    assert (created.status, json.loads(created.body)["TableName"]) == (201, "report")
    listed = ask(account.table_endpoint, "GET", path, headers)
    assert [table["TableName"] for table in json.loads(listed.body)["value"]] == ["report"]


def test_azurite_refuses_a_wrong_key(account):
    stranger = Azurite(account.account_name, "AAAA", account.blob_endpoint, account.table_endpoint)
    with pytest.raises(obstore.exceptions.PermissionDeniedError):
        obstore.head(blobs(stranger), "a/b.png")


def test_s3_keeps_what_is_put(tmp_path):
    with s3(tmp_path) as service:
        service.create_bucket("images")
        store = S3Store(
            "images",
            endpoint=service.endpoint,
            access_key_id=service.access_key,
            secret_access_key=service.secret_key,
            region=service.region,
            client_options={"allow_http": True},
        )
        obstore.put(store, "a/b.png", BODY)
        assert bytes(obstore.get_range(store, "a/b.png", start=256, length=512)) == BODY[256:768]


def test_a_server_is_gone_when_its_block_ends(tmp_path):
    with s3(tmp_path) as service:
        assert answers(service.endpoint)
    assert not answers(service.endpoint)


@pytest.mark.parametrize(("service", "endpoint"), [("azurite", "blob_endpoint"), ("s3", "endpoint")])
def test_a_server_ends_when_the_process_that_started_it_is_killed(service, endpoint, tmp_path):
    starter = (
        f"import sys; from pathlib import Path; from tests.services.{service} import {service}\n"
        f"with {service}(Path(sys.argv[1])) as server:\n"
        f"    print(server.{endpoint}, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        address = process.stdout.readline().strip()
        assert answers(address)
        process.kill()
    give_up = time.monotonic() + 30
    while answers(address) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not answers(address)


def test_a_server_that_cannot_start_says_why(tmp_path):
    complaint = "import sys; sys.exit('no room at the inn')"
    with (
        pytest.raises(RuntimeError, match=r"(?s)status 1.*no room at the inn"),
        serve([sys.executable, "-c", complaint], log=tmp_path / "log", listening=re.compile("ready")),
    ):
        pass


def test_a_slow_store_delays_each_request_and_limits_each_connection(account, tmp_path):
    """Lower bounds only: a loaded machine may be slower, never faster, than the distance allows."""
    with slow_store(account.blob_endpoint, tmp_path, latency_seconds=0.05, bytes_per_second=1e6) as endpoint:
        store = blobs(account.behind(blob_proxy=endpoint))
        start = time.monotonic()
        for _ in range(3):
            obstore.head(store, "a/b.png")
        heads = time.monotonic()
        assert bytes(obstore.get(store, "a/b.png").bytes()) == BODY
        assert heads - start >= 3 * 0.05
        assert time.monotonic() - heads >= 0.05 + len(BODY) / 1e6


def test_a_slow_store_passes_uploads_on(account, tmp_path):
    content = os.urandom(3_000_000)
    with slow_store(account.blob_endpoint, tmp_path) as endpoint:
        obstore.put(blobs(account.behind(blob_proxy=endpoint)), "up.bin", content)
    assert bytes(obstore.get(blobs(account), "up.bin").bytes()) == content


def test_a_proxy_without_a_plan_changes_nothing_and_counts(account, proxy):
    store = blobs(account.behind(blob_proxy=proxy.endpoint))
    obstore.put(store, "c/d e.png", BODY)
    assert bytes(obstore.get(store, "c/d e.png").bytes()) == BODY
    assert bytes(obstore.get_range(store, "c/d e.png", start=1, length=2)) == b"\1\2"
    assert obstore.head(store, "c/d e.png")["size"] == len(BODY)
    assert [item["path"] for item in obstore.list(store, "c").collect()] == ["c/d e.png"]
    assert (proxy.count("PUT", "c/d e.png"), proxy.count("GET", "c/d e.png"), proxy.count("HEAD")) == (1, 2, 1)
    assert proxy.given == []
    proxy.forget()
    assert proxy.count("GET") == 0


def test_a_proxy_stands_before_s3_too(tmp_path):
    with s3(tmp_path) as service, faulty_proxy(service.endpoint, Script([Flip()])) as proxy:
        service.create_bucket("images")
        store = S3Store(
            "images",
            endpoint=proxy.endpoint,
            access_key_id="k",
            secret_access_key="s",
            client_options={"allow_http": True},
        )
        obstore.put(store, "x", BODY)
        assert bytes(obstore.get(store, "x").bytes()) != BODY
        assert bytes(obstore.get(store, "x").bytes()) == BODY


def test_a_script_gives_each_fault_once_and_in_order(account, proxy):
    proxy.plan = Script([Status(503, retry_after=7), Status(429), Flip(0.25), None, Stall(0.01)], path="b.png")
    refused = ask(proxy.endpoint, "GET", f"/{account.account_name}/images/b.png")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "7")
    with pytest.raises(obstore.exceptions.BaseError, match="429"):
        read(account, proxy)
    flipped = read(account, proxy)
    assert [at for at in range(len(BODY)) if flipped[at] != BODY[at]] == [len(BODY) // 4]
    assert read(account, proxy) == read(account, proxy) == read(account, proxy) == BODY
    assert [fault for _, fault in proxy.given] == [Status(503, 7), Status(429), Flip(0.25), Stall(0.01)]


@pytest.mark.parametrize("fault", [Reset(0.5), Short(0.5)])
def test_a_body_that_ends_early_is_an_error_to_the_client(account, proxy, fault):
    proxy.plan = Script(itertools.repeat(fault))
    with pytest.raises(obstore.exceptions.BaseError):
        read(account, proxy)
    proxy.plan = None
    assert read(account, proxy) == BODY


def test_a_refused_request_never_reaches_the_store(account, proxy):
    proxy.plan = Script([Status(503)], method="PUT")
    store = blobs(account.behind(blob_proxy=proxy.endpoint))
    with pytest.raises(obstore.exceptions.BaseError):
        obstore.put(store, "never.png", BODY)
    with pytest.raises(FileNotFoundError):
        obstore.head(store, "never.png")


def test_odds_depend_on_the_request_and_not_on_the_order():
    requests = [Request("GET", f"/images/{number}.png") for number in range(400)]
    odds = {Status(): 0.2, Flip(): 0.1}
    forward, backward = Odds(5, odds), Odds(5, odds)
    faults = {request: forward(request) for request in requests}
    assert {request: backward(request) for request in reversed(requests)} == faults
    assert 0.1 < sum(fault == Status() for fault in faults.values()) / len(requests) < 0.3
    assert 0.03 < sum(fault == Flip() for fault in faults.values()) / len(requests) < 0.2
    assert {request: forward(request) for request in requests} != faults
    assert all(Odds(5, odds)(Request("HEAD", request.path)) is None for request in requests)
