"""Opens exported networks in ONNX Runtime, each run on one core."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

SESSION_THREADS = 1
"""Callers run a session from several threads at once, so the results of a run do not depend on
how many threads there are."""


def open_session(path: Path, weights: Mapping[str, Any] | None = None) -> Any:
    """Return an ONNX Runtime session that computes on the calling thread.

    `weights` are arrays that the graph names without having them.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = SESSION_THREADS
    options.inter_op_num_threads = SESSION_THREADS
    options.log_severity_level = 3
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
