"""``make`` downloads with the certificates of the machine, so that a proxy that inspects TLS is passed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def exported(probe: Path, **environment: str) -> dict[str, str]:
    """What a recipe of the Makefile finds in its environment, where these variables are set."""
    probe.write_text("include Makefile\n\nprobe:\n\t@env\n")
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_SYSTEM_CERTS", "PIP_CERT", "MAKEFLAGS", "MAKELEVEL")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    run = subprocess.run(
        ["make", "--silent", "-f", str(probe), "probe"],
        cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(line.split("=", 1) for line in run.stdout.splitlines() if "=" in line)


def test_recipes_trust_the_certificates_that_are_named(tmp_path: Path) -> None:
    certificates = tmp_path / "of the hospital.pem"
    certificates.touch()
    found = exported(tmp_path / "Makefile", SSL_CERT_FILE=str(certificates))
    assert (found["UV_SYSTEM_CERTS"], found["PIP_CERT"]) == ("1", str(certificates))


def test_recipes_leave_alone_what_a_person_has_set(tmp_path: Path) -> None:
    certificates = tmp_path / "hospital.pem"
    certificates.touch()
    own = {"PIP_CERT": "/my/own.pem", "UV_SYSTEM_CERTS": "0"}
    found = exported(tmp_path / "Makefile", SSL_CERT_FILE=str(certificates), **own)
    assert own.items() <= found.items()


def test_where_the_machine_has_no_certificates_those_of_uv_and_pip_serve(tmp_path: Path) -> None:
    nothing = {"SSL_CERT_FILE": str(tmp_path / "missing.pem"), "SSL_CERT_DIR": str(tmp_path / "missing")}
    assert exported(tmp_path / "Makefile", **nothing).keys().isdisjoint({"UV_SYSTEM_CERTS", "PIP_CERT"})
