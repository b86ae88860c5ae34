"""The config of the job ``onnx``, checked."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.inference.config import MAX_MODEL_BYTES, MODEL, options
from orchestration.inference.errors import JobConfigError
from orchestration.inference.job import Config

MODES = ("slice", "volume")
NAMES = [MODEL, "mode", "batch_size", "output", "provider", "score_names"]
MAX_BATCH = 1024
MAX_SCORES = 10_000


@dataclass(frozen=True)
class OnnxOptions:
    """What the config says: the model's path, how it is given volumes, and what its output is."""

    model: Path
    mode: str
    batch_size: int
    output: str | None
    provider: str
    score_names: tuple[str, ...]

    @property
    def by_slice(self) -> bool:
        """Whether the model is given slices."""
        return self.mode == "slice"

    def read_model(self) -> tuple[bytes, str]:
        """The model's bytes and their SHA-256, so that what is recorded is what runs.

        Raises:
            JobConfigError: it cannot be read or is too large; the message does not repeat its path.
        """
        try:
            if self.model.stat().st_size > MAX_MODEL_BYTES:
                raise JobConfigError(f"the model has more than {MAX_MODEL_BYTES:,} bytes")
            data = self.model.read_bytes()
        except OSError as error:
            raise JobConfigError(f"the file that the entry model names cannot be read ({error.strerror})") from None
        return data, hashlib.sha256(data).hexdigest()


def read_options(config: Config) -> OnnxOptions:
    """Check every entry.

    Raises:
        JobConfigError: one is missing, unknown or cannot be; names it.
    """
    given = options(config, NAMES)
    model, mode, batch_size = given.get(MODEL), given.get("mode", MODES[0]), given.get("batch_size", 8)
    if not isinstance(model, str) or not model:
        raise JobConfigError('the config names no model: {"model": "PATH"} in the file that --config names')
    if mode not in MODES:
        raise JobConfigError(f"mode must be one of {', '.join(MODES)}")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or not 1 <= batch_size <= MAX_BATCH:
        raise JobConfigError(f"batch_size must be a whole number from 1 to {MAX_BATCH}")
    score_names = given.get("score_names", [])
    if (
        not isinstance(score_names, list)
        or len(score_names) > MAX_SCORES
        or not all(isinstance(name, str) and name for name in score_names)
    ):
        raise JobConfigError("score_names must be a list of texts")
    return OnnxOptions(
        Path(model),
        mode,
        batch_size,
        _text(given, "output"),
        _text(given, "provider") or "CPUExecutionProvider",
        tuple(score_names),
    )


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise JobConfigError(f"{name} must be a text")
    return value
