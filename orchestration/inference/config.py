"""The config of a job: read from a file, split into filters and options, and known by its digest."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydicom.datadict import dictionary_VR, tag_for_keyword

from orchestration.inference.errors import JobConfigError
from orchestration.stores.folder import file_digest

MODEL = "model"  # the entry that names a file, which counts by its content and not by its path
MAX_CONFIG_BYTES = 1 << 20
MAX_MODEL_BYTES = 2 << 30  # what a protobuf can hold
_PATIENT_GROUP = 0x0010


def read_config(path: Path) -> dict[str, Any]:
    """Read a config from JSON or, where the name ends in ``.yaml`` or ``.yml``, from YAML.

    Raises:
        JobConfigError: it cannot be read, is too large, or holds no object.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise JobConfigError(f"the config {path} cannot be read ({error.strerror})") from None
    if len(data) > MAX_CONFIG_BYTES:
        raise JobConfigError(f"the config {path} has more than {MAX_CONFIG_BYTES:,} bytes")
    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    try:
        config = yaml.safe_load(data) if is_yaml else json.loads(data)
    except (ValueError, yaml.YAMLError, RecursionError):
        raise JobConfigError(f"the config {path} is no {'YAML' if is_yaml else 'JSON'}") from None
    return check_entries(config)


def check_entries(config: object) -> dict[str, Any]:
    """The config as plain JSON: an object whose values are numbers, texts, lists and objects.

    Raises:
        JobConfigError: it is anything else.
    """
    try:
        text = json.dumps(config, allow_nan=False)
        plain = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise JobConfigError("the config of a job holds only what JSON can: numbers, texts, lists, objects") from None
    if "\\u0000" in text:
        raise JobConfigError("the config of a job must hold no NUL")  # which tables cannot hold either
    if not isinstance(plain, dict):
        raise JobConfigError('the config of a job is an object, such as {"sigma": 1.5}')
    return plain


def filters(config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The entries that are named by a DICOM keyword, each with the texts of which a series must have one.

    Raises:
        JobConfigError: a value is neither a number nor a text, nor a list of such.
    """
    found = {}
    for keyword, value in config.items():
        if not _is_keyword(keyword):
            continue
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values):
            raise JobConfigError(f"the filter {keyword} must be a text or a number, or a list of such")
        found[keyword] = tuple(str(one) for one in values)
    return found


def matches(wanted: Iterable[str], found: Iterable[str]) -> bool:
    """Whether every value that a series has is one of those wanted; numbers are compared as numbers."""
    values = [_comparable(value) for value in found]
    return bool(values) and set(values) <= {_comparable(value) for value in wanted}


def options(config: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The entries that are no filters.

    Raises:
        JobConfigError: one is not known.
    """
    given = {name: value for name, value in config.items() if not _is_keyword(name)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise JobConfigError(
            f"the config has no entry {', '.join(unknown)}; there are {', '.join(sorted(known))}, and DICOM keywords "
            "that choose series"
        )
    return given


def digest(config: Mapping[str, Any], model_sha256: str | None) -> str:
    """SHA-256 of the config as canonical JSON, with the model's content in place of its path."""
    return hashlib.sha256(canonical(_with_model(config, model_sha256)).encode()).hexdigest()


def recorded(config: Mapping[str, Any], model_sha256: str | None) -> dict[str, Any]:
    """The config as tables may hold it: a model by its digest, and nothing by which a patient was chosen."""
    shown = _with_model(config, model_sha256)
    return {name: "withheld" if _is_of_patient(name) else value for name, value in shown.items()}


def canonical(value: object) -> str:
    """JSON with one spelling for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_model(config: Mapping[str, Any]) -> str | None:
    """SHA-256 of the file that the entry ``model`` names; None where it names none."""
    path = config.get(MODEL)
    if not isinstance(path, str) or not Path(path).is_file():
        return None
    return file_digest(Path(path))


def _with_model(config: Mapping[str, Any], model_sha256: str | None) -> dict[str, Any]:
    return {**config, MODEL: f"sha256:{model_sha256}"} if model_sha256 else dict(config)


def _is_keyword(name: str) -> bool:
    return name[:1].isupper() and tag_for_keyword(name) is not None


def _is_of_patient(name: str) -> bool:
    if not _is_keyword(name):
        return False
    tag = tag_for_keyword(name) or 0
    return tag >> 16 == _PATIENT_GROUP or dictionary_VR(tag) == "PN"


def _comparable(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value.strip()
