"""Settings from the environment or ``.env``, typed and checked at start."""

import base64
import binascii
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestration.errors import SettingsError
from orchestration.urls import parse_url, place_url

PLACES = (
    "doubleread_images",
    "doubleread_text_archives",
    "doubleread_image_archives",
    "doubleread_archive_index",
    "doubleread_dicoms",
    "doubleread_export",
)


class Settings(BaseSettings):
    """Everything that differs between installations; every field is the setting of the same name in upper case.

    An empty value counts as unset, as it does for libpq.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    pghost: str | None = None
    pgport: int | None = Field(default=None, ge=1, le=65535)
    pguser: str | None = None
    pgpassword: SecretStr | None = None
    pgdatabase: str | None = None

    azure_storage_connection_string: SecretStr | None = None
    azure_storage_account_name: str | None = Field(default=None, pattern=r"^[a-z0-9]{3,24}$")
    azure_storage_account_key: SecretStr | None = None
    azure_storage_container_name: str = Field(default="images", pattern=r"^[a-z0-9$][a-z0-9-]{1,62}$")
    azure_storage_table_name: str = Field(default="report", pattern=r"^[A-Za-z][A-Za-z0-9]{2,62}$")

    doubleread_images: str | None = None
    doubleread_home: Path = Path(".doubleread")
    doubleread_training_set: Path = Path("training_set")

    doubleread_measurements: Path | None = None
    doubleread_export: str | None = None
    doubleread_export_bits: Literal[8, 16] = 8
    doubleread_export_webdataset: bool = False
    doubleread_export_negatives: bool = False
    doubleread_export_hard_cases: bool = False
    doubleread_export_reports: bool = False
    doubleread_export_check_text: bool = False
    # Views as in View Position (PS3.3 C.8.11.7), sides, and images that were computed from a tomosynthesis.
    doubleread_view_markers: str = "L,R,LEFT,RIGHT,CC,MLO,ML,LM,LMO,FB,SIO,ISO,XCCL,XCCM,C-View"
    doubleread_export_card: Path | None = None
    doubleread_split_salt: str = "doubleread"
    doubleread_split_ratios: str = "70,15,15"

    doubleread_text_archives: str | None = None
    doubleread_image_archives: str | None = None
    doubleread_archive_index: str | None = None
    doubleread_dicoms: str = "dicoms"
    doubleread_decode_dicoms: bool = False

    doubleread_public_url: str | None = None
    doubleread_secret_key: SecretStr | None = Field(default=None, min_length=50)
    doubleread_jobs_root: Path | None = None
    doubleread_dagster_url: str = "http://127.0.0.1:3000"
    doubleread_body_limit: int = Field(default=64 * 1024 * 1024, ge=1024)
    doubleread_rate_limit: int = Field(default=60_000, ge=1)

    @field_validator(
        *("doubleread_home", "doubleread_training_set", "doubleread_measurements", "doubleread_jobs_root"),
        "doubleread_export_card",
    )
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        return None if folder is None else folder.expanduser().absolute()

    @field_validator("pghost", "pguser", "pgdatabase")
    @classmethod
    def _no_connection_string(cls, value: str | None) -> str | None:
        # Messages name the host, and servers repeat names of databases and users: a password in one would be shown.
        if value is not None and ("://" in value or "password=" in value.lower()):
            raise ValueError("is a connection string; set PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE instead")
        return value

    @field_validator("doubleread_images", "doubleread_text_archives", "doubleread_image_archives")
    @classmethod
    def _known_scheme(cls, url: str | None) -> str | None:
        if url is not None:
            parse_url(url)
        return url

    @field_validator("doubleread_export_bits", mode="before")
    @classmethod
    def _number(cls, bits: object) -> object:
        return int(bits) if isinstance(bits, str) and bits.isdecimal() else bits

    @field_validator("doubleread_split_ratios")
    @classmethod
    def _three_shares(cls, text: str) -> str:
        split_ratios(text)
        return text

    @field_validator("doubleread_view_markers")
    @classmethod
    def _words(cls, text: str) -> str:
        marker_words(text)
        return text

    @field_validator("doubleread_archive_index", "doubleread_dicoms", "doubleread_export")
    @classmethod
    def _url_or_folder(cls, place: str | None) -> str | None:
        return None if place is None else place_url(place)

    @field_validator("doubleread_public_url", "doubleread_dagster_url")
    @classmethod
    def _web_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a web address, such as https://results.hospital.example")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must hold no credentials and no query")
        return url.rstrip("/")

    @field_validator("azure_storage_account_key")
    @classmethod
    def _base64(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            try:
                base64.b64decode(key.get_secret_value(), validate=True)
            except binascii.Error:
                raise ValueError("is not the base64 text that Azure shows as an account key") from None
        return key

    @field_validator("azure_storage_connection_string")
    @classmethod
    def _connection_string(cls, text: SecretStr | None, _info: ValidationInfo) -> SecretStr | None:
        if text is not None:
            fields = connection_string_fields(text.get_secret_value())
            if not {"accountname", "blobendpoint"} & fields.keys():
                raise ValueError("names neither an AccountName nor a BlobEndpoint")
        return text

    @model_validator(mode="after")
    def _key_has_a_name(self) -> Self:
        if self.azure_storage_account_key and not self.azure_storage_account_name:
            raise ValueError("AZURE_STORAGE_ACCOUNT_KEY is set, AZURE_STORAGE_ACCOUNT_NAME is not")
        for name in PLACES:
            if (getattr(self, name) or "").startswith("az://") and not self.has_azure:
                raise ValueError(
                    f"{name.upper()} is in Azure; set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"
                )
        return self

    @property
    def has_azure(self) -> bool:
        """Whether an Azure storage account is named."""
        return bool(self.azure_storage_connection_string or self.azure_storage_account_name)

    @property
    def has_database(self) -> bool:
        """Whether a database of one's own is named; the embedded one serves where none is."""
        return any((self.pghost, self.pgport, self.pguser, self.pgpassword, self.pgdatabase))

    @cached_property
    def images_url(self) -> str:
        """URL of the image store: as set, else the Azure container, else a folder under ``DOUBLEREAD_HOME``."""
        if self.doubleread_images:
            return self.doubleread_images.rstrip("/")
        if self.has_azure:
            return f"az://{self.azure_storage_container_name}"
        return (self.doubleread_home / "images").as_uri()

    @cached_property
    def archive_index_url(self) -> str:
        """URL of the index of archives: as set, else a folder under ``DOUBLEREAD_HOME``."""
        return self.doubleread_archive_index or (self.doubleread_home / "archive_index").as_uri()

    @cached_property
    def export_url(self) -> str:
        """URL of the destination of exports: as set, else the folder ``export`` of the training set."""
        return self.doubleread_export or (self.doubleread_training_set / "export").as_uri()

    @cached_property
    def jobs_root(self) -> Path:
        """The folder that inputs of inference jobs must lie in: as set, else one under ``DOUBLEREAD_HOME``."""
        return self.doubleread_jobs_root or self.doubleread_home / "jobs"

    @property
    def places_environment(self) -> dict[str, str]:
        """The settings that may be relative to the current folder, absolute: for a process that has another one."""
        return {
            "DOUBLEREAD_HOME": str(self.doubleread_home),
            "DOUBLEREAD_TRAINING_SET": str(self.doubleread_training_set),
            "DOUBLEREAD_ARCHIVE_INDEX": self.archive_index_url,
            "DOUBLEREAD_DICOMS": self.doubleread_dicoms,
            **({"DOUBLEREAD_MEASUREMENTS": str(self.doubleread_measurements)} if self.doubleread_measurements else {}),
            **({"DOUBLEREAD_EXPORT": self.doubleread_export} if self.doubleread_export else {}),
            **({"DOUBLEREAD_EXPORT_CARD": str(self.doubleread_export_card)} if self.doubleread_export_card else {}),
            **({"DOUBLEREAD_JOBS_ROOT": str(self.doubleread_jobs_root)} if self.doubleread_jobs_root else {}),
        }

    @property
    def libpq_environment(self) -> dict[str, str]:
        """The ``PG*`` variables that are set, as libpq, psycopg and dbt read them."""
        values = {
            "PGHOST": self.pghost,
            "PGPORT": self.pgport,
            "PGUSER": self.pguser,
            "PGPASSWORD": self.pgpassword.get_secret_value() if self.pgpassword else None,
            "PGDATABASE": self.pgdatabase,
        }
        return {name: str(value) for name, value in values.items() if value is not None}


def split_ratios(text: str) -> tuple[float, float, float]:
    """The shares of train, validation and test, which add up to 1, of three numbers such as ``70,15,15``.

    Raises:
        ValueError: they are not three such numbers.
    """
    try:
        train, validation, test = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("is not three numbers such as 70,15,15, for train, validation and test") from None
    total = train + validation + test
    if not (min(train, validation, test) >= 0 and 0 < total < float("inf")):
        raise ValueError("must be three numbers of which none is below zero and one is above")
    return train / total, validation / total, test / total


def marker_words(text: str) -> tuple[str, ...]:
    """The words of a list such as ``L, R, CC, MLO``.

    Raises:
        ValueError: a word has neither letters nor digits.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not all(any(map(str.isalnum, word)) for word in words):
        raise ValueError("must be words such as L, R, CC, MLO, with commas between them")
    return words


def connection_string_fields(text: str) -> dict[str, str]:
    """The ``Name=value`` pairs of an Azure storage connection string, names in lower case.

    Raises:
        ValueError: a part has no ``=``; the message does not repeat the text, which holds a key.
    """
    fields = {}
    for part in filter(None, text.strip().split(";")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError("is not of the form Name=value;Name=value")
        fields[name.strip().lower()] = value.strip()
    return fields


def load_settings() -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: one line for each setting that is wrong, naming it.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False, include_context=False):
            name = ".".join(str(part) for part in problem["loc"]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message}" if name else message)
        raise SettingsError("; ".join(lines)) from None
