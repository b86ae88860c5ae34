"""What the owner says of a training set: its title, licence, contact, use; from a file beside the program."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.errors import SettingsError
from orchestration.outcomes import printable

MAX_BYTES = 64 * 1024
MAX_VERSION_PARTS = r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$"

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Web = Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s<>\"]+$")]


class Statement(BaseModel):
    """The entries of a ``card.yml``, all of which may be left out.

    Attributes:
        title: of the training set.
        summary: one sentence.
        description: where the mammograms come from, and whatever else a reader should know.
        creators: people or organisations.
        contact: who answers questions.
        license: an identifier as Hugging Face lists them, such as ``cc-by-nc-4.0``; ``other`` needs a name.
        license_name: of a licence that has no identifier.
        license_link: where it can be read.
        url: of the training set's own page.
        citation: how to cite it.
        version: three numbers, such as ``1.2.0``.
        date_published: a day, such as ``2024-05-31``.
        intended_use: what it is for.
        out_of_scope: what it is not for.
        limitations: what is known to be wrong or one-sided.
        keywords: to find it by.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    title: Line = "Double-matched findings of mammograms"
    summary: Line | None = None
    description: Text | None = None
    creators: list[Line] = Field(default=[], max_length=100)
    contact: Line | None = None
    license: Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9][a-z0-9.+-]*$")] | None = None
    license_name: Line | None = None
    license_link: Web | None = None
    url: Web | None = None
    citation: Text | None = None
    version: Annotated[str, Field(pattern=MAX_VERSION_PARTS)] | None = None
    date_published: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")] | None = None
    intended_use: Text | None = None
    out_of_scope: Text | None = None
    limitations: Text | None = None
    keywords: list[Line] = Field(default=[], max_length=50)

    @model_validator(mode="after")
    def _other_has_a_name(self) -> Self:
        if self.license == "other" and not self.license_name:
            raise ValueError("license is other, so license_name has to say which")
        return self

    @property
    def license_text(self) -> str | None:
        """The licence as a person reads it."""
        return self.license_name or self.license


def read_statement(path: Path | None) -> Statement:
    """The statement in a YAML file; the one that says nothing where there is no path.

    Raises:
        SettingsError: it can't be read, or an entry is unknown or wrong; entries are named, their values never told.
    """
    if path is None:
        return Statement()
    name = f"DOUBLEREAD_EXPORT_CARD: {printable(str(path))}"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SettingsError(f"{name} has more than {MAX_BYTES:,} bytes")
        # Days stay text: nothing here counts with them.
        entries = yaml.load(data, Loader=yaml.BaseLoader)  # noqa: S506  makes nothing but text, lists and mappings
        return Statement.model_validate({} if entries in (None, "") else entries)
    except OSError as error:
        raise SettingsError(f"{name} can't be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeError):
        raise SettingsError(f"{name} is not YAML") from None
    except ValidationError as error:
        raise SettingsError(f"{name}: {'; '.join(_problems(error))}") from None


def _problems(error: ValidationError) -> list[str]:
    """Each entry that is wrong, with what is wrong about it."""
    problems = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        entry = printable(".".join(map(str, problem["loc"])))
        message = "is not an entry of a card" if problem["type"] == "extra_forbidden" else problem["msg"]
        problems.append(f"{entry}: {message}".removeprefix(": ").replace("Value error, ", ""))
    return problems
