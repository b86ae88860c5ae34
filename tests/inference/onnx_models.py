"""Small ONNX models, made node by node."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str] | None
SLICES = ("n", 1, "rows", "columns")
VOLUME = (1, 1, "slices", "rows", "columns")


def write_model(
    path: Path,
    nodes: Sequence[tuple[str, Sequence[str], str]],
    *,
    takes: Shape = SLICES,
    gives: Shape = SLICES,
    kind: int = TensorProto.FLOAT,
    constants: dict[str, np.ndarray] | None = None,
    outside: bool = False,
) -> Path:
    """A model from ``x`` to ``y`` of nodes (operator, inputs, output); ``outside`` keeps weights in another file."""
    weights = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(
        [helper.make_node(operator, list(inputs), [output]) for operator, inputs, output in nodes],
        "graph",
        [helper.make_tensor_value_info("x", kind, takes)],
        [helper.make_tensor_value_info("y", kind, gives)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path, save_as_external_data=outside, location=f"{path.name}.weights", size_threshold=0)
    return path


def halving(path: Path, *, takes: Shape = SLICES, gives: Shape = SLICES, outside: bool = False) -> Path:
    """A model that multiplies every value by a half."""
    return write_model(
        path,
        [("Mul", ("x", "half"), "y")],
        takes=takes,
        gives=gives,
        constants={"half": np.array([0.5], np.float32)},
        outside=outside,
    )


def extremes(path: Path, *, takes: Shape = SLICES, axes: Sequence[int] = (2, 3)) -> Path:
    """A model that gives two scores for each of n: the lowest and the highest value."""
    low = helper.make_node("ReduceMin", ["x"], ["low"], axes=list(axes), keepdims=0)
    high = helper.make_node("ReduceMax", ["x"], ["high"], axes=list(axes), keepdims=0)
    both = helper.make_node("Concat", ["low", "high"], ["y"], axis=1)
    graph = helper.make_graph(
        [low, high, both],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, takes)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path
