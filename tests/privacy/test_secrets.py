"""A secret is in no message, however wrong the setting or the URL is that it stands in."""

import base64

import pytest

from tests.cli.conftest import Home
from tests.privacy.planting import Words
from tests.privacy.searching import found_in, found_in_bytes

WORDS = Words()
KEY = base64.b64encode(WORDS.word("account key", 40).encode()).decode()
NOWHERE = "BlobEndpoint=http://127.0.0.1:1/nobody;TableEndpoint=http://127.0.0.1:1/nobody"
DATABASE = {"PGHOST": "127.0.0.1", "PGPORT": "1"}

WRONG = {
    "a database that does not answer": (("build",), DATABASE | {"PGPASSWORD": WORDS.word("PGPASSWORD")}),
    "a connection string as host": (("build",), {"PGHOST": f"postgres://me:{WORDS.word('PGHOST')}@db/x"}),
    "a connection string as database": (
        ("build",),
        DATABASE | {"PGDATABASE": f"host=db password={WORDS.word('PGDATABASE')}"},
    ),
    "a port that is none": (("build",), {"PGPORT": WORDS.word("PGPORT")}),
    "an account that does not answer": (
        ("cases", "index"),
        {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName=nobody;AccountKey={KEY};{NOWHERE}"},
    ),
    "a token of an account that does not answer": (
        ("cases", "index"),
        {"AZURE_STORAGE_CONNECTION_STRING": f"SharedAccessSignature=sv=2024&sig={WORDS.word('SAS')};{NOWHERE}"},
    ),
    "no connection string": (
        ("cases", "index"),
        {"AZURE_STORAGE_CONNECTION_STRING": f"AccountKey={WORDS.word('connection string')}"},
    ),
    "a key that is no base64": (
        ("cases", "index"),
        {"AZURE_STORAGE_ACCOUNT_NAME": "hospital", "AZURE_STORAGE_ACCOUNT_KEY": f"!{WORDS.word('no base64')}"},
    ),
    "a token in a URL": (("build",), {"DOUBLEREAD_IMAGES": f"az://images?sig={WORDS.word('query of a URL')}"}),
    "a password in a URL": (("build",), {"DOUBLEREAD_IMAGES": f"s3://me:{WORDS.word('URL')}@bucket"}),
    "a password in the URL of an index": (
        ("archives", "index"),
        {"DOUBLEREAD_TEXT_ARCHIVES": f"s3://me:{WORDS.word('URL of archives')}@bucket"},
    ),
    "a token in the URL of an export": (("export", "--to", f"az://sets?sig={WORDS.word('URL of an export')}"), {}),
    "a token in the URL of a copy": (("verify", f"az://sets?sig={WORDS.word('URL of a copy')}"), {}),
    "a password in a web address": (
        ("serve",),
        {"DOUBLEREAD_PUBLIC_URL": f"https://me:{WORDS.word('web address')}@results.example"},
    ),
    "a key that is too short": (("serve",), {"DOUBLEREAD_SECRET_KEY": WORDS.word("short key")}),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_setting_is_told_without_its_secret(home: Home, wrong: str) -> None:
    arguments, settings = WRONG[wrong]
    home.settings |= settings
    result = home.run(*arguments, status=2)
    words = [*WORDS.planted.values(), KEY]
    assert result.stderr
    assert found_in_bytes((result.stdout + result.stderr).encode(), words) == set()
    assert found_in(home.folder, words) == {}
