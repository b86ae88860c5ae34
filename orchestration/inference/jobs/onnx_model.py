"""The job ``onnx``: a model of one's own, run by onnxruntime."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestration.dicom.concepts import Code
from orchestration.dicom.deriving import PROCESSED
from orchestration.errors import DoublereadError, install_extra
from orchestration.inference.errors import JobConfigError, JobError
from orchestration.inference.job import Array, Config, JobEntry, MetaData, Scores
from orchestration.inference.jobs.onnx_options import MAX_BATCH, OnnxOptions, read_options
from orchestration.inference.series import read_volume, write_dicoms

if TYPE_CHECKING:
    from types import ModuleType

    from onnxruntime import InferenceSession

NAME = "onnx"
INPUT_TYPES: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
}
_INTEGERS = (f"tensor({sign}int{bits})" for sign in ("", "u") for bits in (8, 16, 32, 64))
OUTPUT_TYPES = {*INPUT_TYPES, *_INTEGERS, "tensor(bool)"}
FATAL = 4  # of onnxruntime's levels of logging: its messages name paths
Shape = tuple[int | None, ...]  # None stands for a dimension of any length; empty for a shape that is not known


@dataclass(frozen=True, eq=False)
class PreparedModel:
    """A session with a checked model.

    Attributes:
        takes: shape of the input, likewise ``gives`` of the output.
    """

    options: OnnxOptions
    session: "InferenceSession"
    input_name: str
    input_type: type[np.floating[Any]]
    takes: Shape
    output_name: str
    gives: Shape
    runtime: str
    provider: str
    model_sha256: str
    derivation_code: Code = PROCESSED

    def check(self, shape: tuple[int, ...], meta_data: MetaData) -> None:  # noqa: ARG002 - of the protocol
        """Compare the shape of a volume with what the model says it takes and gives."""
        if len(shape) != 3:
            raise JobError(f"its volume has {len(shape)} axes; a model is given three")
        batch = None if self.options.by_slice else 1
        one = (batch, 1, *shape[1:]) if self.options.by_slice else (batch, 1, *shape)
        _compare("takes", self.takes, one)
        if len(self.gives) == len(one):
            _compare("gives", self.gives, one)

    def __call__(self, volume: Array, meta_data: MetaData) -> Array | Scores:
        """An array of the same shape, or scores: a row for each slice or for the volume."""
        self.check(volume.shape, meta_data)
        if not self.options.by_slice:
            given = self._run(volume[np.newaxis, np.newaxis])
            return self._scores([given], 1) if given.ndim == 2 else self._image(given, volume.shape)
        batches = [self._run(batch)[:count] for batch, count in self._batches(volume)]
        if all(batch.ndim == 2 for batch in batches):
            return self._scores(batches, len(volume))
        return self._image(np.concatenate(batches), volume.shape)

    def _batches(self, volume: Array) -> Iterator[tuple[Array, int]]:
        """Slices as (n, 1, rows, columns), and how many of them count: a model of a fixed n gets the last one again."""
        fixed = self.takes[0] if self.takes else None
        size = fixed or self.options.batch_size
        for start in range(0, len(volume), size):
            batch = volume[start : start + size, np.newaxis]
            count = len(batch)
            if fixed and count < fixed:
                batch = np.concatenate([batch, np.repeat(batch[-1:], fixed - count, axis=0)])
            yield batch, count

    def _run(self, batch: Array) -> Array:
        given = np.ascontiguousarray(batch, self.input_type)
        try:
            (result,) = self.session.run([self.output_name], {self.input_name: given})
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no base class but this
            raise JobError(f"onnxruntime could not run the model on {given.shape} ({type(error).__name__})") from None
        return np.asarray(result, np.float32)

    def _image(self, given: Array, shape: tuple[int, ...]) -> Array:
        expected = (shape[0], 1, *shape[1:]) if self.options.by_slice else (1, 1, *shape)
        if given.shape != expected:
            raise JobError(f"the model gave {given.shape}; {expected} or scores of two axes were expected")
        return given.reshape(shape)

    def _scores(self, batches: list[Array], rows: int) -> Scores:
        values = np.concatenate(batches)
        names = self.options.score_names
        if len(values) != rows:
            raise JobError(f"the model gave {len(values)} rows of scores; {rows} were expected")
        if names and len(names) != values.shape[1]:
            raise JobError(f"the model gave {values.shape[1]} scores, score_names has {len(names)}")
        return Scores(values, names)


class OnnxModel:
    """Run an ONNX model on each slice or volume; its output becomes a new series, or scores.

    With ``mode`` ``slice`` the model gets (n, 1, rows, columns), n being ``batch_size`` (8 unless given) or what the
    model fixes; with ``volume`` it gets (1, 1, slices, rows, columns). It gives the same shape, or (n, k) scores, which
    ``score_names`` may name. Values are those from 0 to 1 that ``doubleread dicom2hdf5`` writes.
    """

    def prepare(self, config: Config) -> PreparedModel:
        """Load the model, and compare what it takes and gives with the mode."""
        options = read_options(config)
        runtime = _onnxruntime()
        if options.provider not in runtime.get_available_providers():
            available = ", ".join(runtime.get_available_providers())
            raise JobConfigError(f"onnxruntime has no provider {options.provider} here; there are {available}")
        data, sha256 = options.read_model()
        session = _session(runtime, data, options.provider)
        inputs, outputs = session.get_inputs(), {output.name: output for output in session.get_outputs()}
        if len(inputs) != 1 or inputs[0].type not in INPUT_TYPES:
            raise JobConfigError("the model must have one input, of floating-point numbers")
        if options.output is None and len(outputs) != 1:
            raise JobConfigError(f"the model has {len(outputs)} outputs; name one with the entry output")
        output = outputs.get(options.output or next(iter(outputs)))
        if output is None or output.type not in OUTPUT_TYPES:
            raise JobConfigError("the model has no output of this name that gives numbers")
        takes, gives = _shape(inputs[0].shape), _shape(output.shape)
        _check_ranks(takes, gives, 4 if options.by_slice else 5, options.mode)
        return PreparedModel(
            options,
            session,
            input_name=inputs[0].name,
            input_type=INPUT_TYPES[inputs[0].type],
            takes=takes,
            output_name=output.name,
            gives=gives,
            runtime=f"onnxruntime {runtime.__version__}",
            provider=session.get_providers()[0],
            model_sha256=sha256,
        )

    def __call__(self, volume: Array, meta_data: MetaData, config: Config) -> Array | Scores:
        """Load the model and run it on one volume."""
        return self.prepare(config)(volume, meta_data)


def _session(runtime: "ModuleType", data: bytes, provider: str) -> "InferenceSession":
    """A session that gives the same result each time; the model must be one file, its weights in it."""
    settings = runtime.SessionOptions()
    settings.log_severity_level = FATAL
    settings.use_deterministic_compute = True
    # Weights in other files would be looked for in the current folder, and would not be part of the digest.
    settings.add_session_config_entry("session.model_external_initializers_file_folder_path", "/dev/null")
    try:
        session: InferenceSession = runtime.InferenceSession(data, settings, providers=[provider])
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no base class but this
        raise JobConfigError(
            f"onnxruntime {runtime.__version__} cannot load the model ({type(error).__name__}); its weights "
            "must be in its own file"
        ) from None
    return session


def _shape(declared: list[int | str | None]) -> Shape:
    return tuple(length if isinstance(length, int) and length > 0 else None for length in declared)


def _check_ranks(takes: Shape, gives: Shape, rank: int, mode: str) -> None:
    """Refuse a model whose number of axes fits no mode, before any series is looked at."""
    if len(takes) not in (0, rank) or len(gives) not in (0, 2, rank):
        raise JobConfigError(
            f"the model takes {_text(takes)} and gives {_text(gives)}; with mode {mode} a model takes "
            f"{rank} axes and gives as many, or scores of 2"
        )
    if takes and (takes[0] or 1) > MAX_BATCH:
        raise JobConfigError(f"the model takes {_text(takes)}; at most {MAX_BATCH} slices are given at a time")
    if takes and takes[1] not in (None, 1):
        raise JobConfigError(f"the model takes {_text(takes)}; the second axis, channels, must be 1")


def _compare(verb: str, declared: Shape, wanted: tuple[int | None, ...]) -> None:
    """Refuse a volume with another length than one that the model fixes."""
    if declared and any(a and b and a != b for a, b in zip_longest(declared, wanted)):
        raise JobError(f"the model {verb} {_text(declared)}, its volume is {_text(wanted)}")


def _text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if length is None else str(length) for length in shape) + ")"


def _onnxruntime() -> "ModuleType":
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
    except ImportError:
        raise DoublereadError(install_extra(f"the job {NAME} needs onnxruntime", "onnx")) from None
    onnxruntime.disable_telemetry_events()  # only its builds for Windows have any
    runtime: ModuleType = onnxruntime
    return runtime


JOB = JobEntry(NAME, {"mode": "slice"}, read_volume, write_dicoms, OnnxModel())
