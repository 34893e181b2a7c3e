import inspect
import struct
from pathlib import Path

from image.inside.imports import AWS_SERVICES
from image.inside.slim import KEPT_SERVICES, is_loadable, remove_unused
from runtime.aws import clients

HEADER_BYTES = 64
ENTRY_BYTES = 56


def library(path: Path, *, offset: int, address: int, kind: int = 1) -> Path:
    header = bytearray(HEADER_BYTES)
    header[:5] = b"\x7fELF\x02"
    struct.pack_into("<Q", header, 32, HEADER_BYTES)
    struct.pack_into("<HH", header, 54, ENTRY_BYTES, 1)
    entry = struct.pack("<IIQQQQQQ", kind, 0, offset, address, 0, 0, 0, 0x1000)
    path.write_bytes(bytes(header) + entry)
    return path


def test_should_keep_a_library_whose_segments_can_be_mapped(tmp_path: Path) -> None:
    assert is_loadable(library(tmp_path / "good.so", offset=0x2010, address=0x5010))


def test_should_not_take_a_library_with_a_misplaced_segment(tmp_path: Path) -> None:
    assert not is_loadable(library(tmp_path / "bad.so", offset=0x2010, address=0x5020))


def test_should_mind_loadable_segments_only(tmp_path: Path) -> None:
    assert is_loadable(library(tmp_path / "note.so", offset=0x2010, address=0x5020, kind=4))


def test_should_not_take_what_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "script.so").write_bytes(b"INPUT(-lm)")
    assert not is_loadable(tmp_path / "script.so")


def test_should_remove_tests_and_headers_but_not_what_is_imported(tmp_path: Path) -> None:
    kept = ["torch/testing/__init__.py", "numpy/core.py", "torch/bin/torch_shm_manager"]
    gone = ["numpy/tests/test_core.py", "torch/include/torch.h", "pandas/a.pyi", "torch/bin/protoc"]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    remove_unused(tmp_path)
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == set(kept)


NOT_OF_A_PROCESSOR = (clients.events, clients.scaling)
"""Clients of Lambda functions and of the API."""


def test_should_keep_every_aws_service_that_the_runtime_calls() -> None:
    made = [
        function("us-east-1").meta.service_model.service_name
        for _, function in inspect.getmembers(clients, inspect.isfunction)
        if list(inspect.signature(function).parameters) == ["region"]
        and function not in NOT_OF_A_PROCESSOR
    ]
    assert "s3" in made
    assert set(made) <= set(KEPT_SERVICES)
    # The build makes a client of each, and fails where one cannot be made.
    assert set(made) <= set(AWS_SERVICES)
