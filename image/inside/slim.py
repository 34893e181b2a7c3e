"""Makes an environment small and quick to start: run by the build, before the layer that copies it.

    python slim.py /opt/venv /opt/standard

Takes away what no processor uses (headers, tests, stubs, compiled parts that cannot load), strips
symbols, and compiles the modules that a processor imports, and only those: the others' bytecode
would be a sixth of the image. Bytecode is marked as never to be checked against its source, so that
whatever a builder does to the files' times, it is used. The standard library's, which the official
images leave out, goes to a folder of its own, to be laid over the base.
"""

import importlib.util
import py_compile
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

UNUSED = (
    # torch: headers, C++ tests, code generators
    *("torch/include", "torch/share", "torch/test"),
    *("torch/bin/protoc*", "torch/bin/*[Tt]est*", "torch/bin/*.pt*"),
    *("torch/lib/lib*_test.so", "torch/lib/libbackend_with_compiler.so", "torch/lib/*.a"),
    # linked to CUDA; pyannote uses torchaudio's Python part alone
    "torchaudio/lib/*.so",
    # needs the system's FFmpeg; sound is decoded by PyAV, which has its own
    "torchcodec/*.so",
    # only the hub's downloads use it
    "hf_xet/*.so",
    # required by something that is not used: telemetry by gRPC, optimization studies, models'
    # training, coloured tracebacks, sound files
    *("grpc", "alembic", "sqlalchemy", "pytorch_lightning", "pygments", "_soundfile_data"),
    *("onnxruntime/transformers", "onnxruntime/quantization", "onnxruntime/tools"),
    # documents are written with lxml.etree; models are called, no files and no command line
    *("lxml/objectify*", "lxml/html", "lxml/isoschematron", "lxml/includes", "lxml/*.pxi"),
    *("lxml/sax*", "lxml/builder*", "lxml/*doctest*", "lxml/cssselect.py", "lxml/pyclasslookup*"),
    *("openai/cli", "openai/helpers"),
    # nothing is drawn; matplotlib looks for its default font when it is imported
    *("matplotlib/mpl-data/fonts/afm", "matplotlib/mpl-data/fonts/pdfcorefonts"),
    # sample data; pyannote's is what exported networks are compared on
    *("matplotlib/mpl-data/sample_data", "sklearn/datasets/data", "sklearn/datasets/images"),
)
FONTS = "matplotlib/mpl-data/fonts/ttf/*.ttf"
KEPT_FONT = "DejaVuSans.ttf"
SERVICES = "botocore/data/*/"
KEPT_SERVICES = ("bedrock-runtime", "dynamodb", "ecs", "s3", "sqs", "sts", "xray")
"""Of the descriptions of all AWS services, those of the services that a processor calls."""

UNUSED_EVERYWHERE = ("tests", "test", "testing/data")
STUBS = ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.cpp", "*.h", "*.hpp", "*.cuh")
KEPT = ("torch/testing", "numpy/testing")
"""Imported at run time in spite of their names."""

STRIPPED_FROM_BYTES = 200_000
ELF_64 = b"\x7fELF\x02"
LOADABLE = 1
PAGE_BYTES = 4096


def main() -> None:
    """Slim the environment named on the command line; print what each step saved."""
    home, standard = Path(sys.argv[1]), Path(sys.argv[2])
    packages = next((home / "lib").glob("python3*/site-packages"))
    step("unused", packages, lambda: remove_unused(packages))
    step("symbols", packages, lambda: strip_symbols(packages))
    step("bytecode", packages, lambda: compile_imported(home, standard))


def step(name: str, folder: Path, work: Callable[[], None]) -> None:
    """Run a step and print the sizes before and after, in megabytes."""
    before = size(folder)
    work()
    print(f"slim: {name}: {before / 1e6:.0f} -> {size(folder) / 1e6:.0f} MB", flush=True)


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def remove_unused(packages: Path) -> None:
    """Remove what no processor loads."""
    for path in [*unused(packages)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)  # gone already with a folder above it
        else:
            path.unlink(missing_ok=True)


def unused(packages: Path) -> Iterator[Path]:
    """Return the files and folders that no processor loads."""
    for pattern in (*UNUSED, *(f"**/{name}" for name in STUBS)):
        yield from packages.glob(pattern)
    for path in (p for name in UNUSED_EVERYWHERE for p in packages.glob(f"**/{name}")):
        if not str(path.relative_to(packages)).startswith(KEPT):
            yield path
    yield from (path for path in packages.glob(FONTS) if path.name != KEPT_FONT)
    yield from (path for path in packages.glob(SERVICES) if path.name not in KEPT_SERVICES)


def strip_symbols(packages: Path) -> None:
    """Take symbol tables out of shared libraries; one that strip refuses stays as it was."""
    for path in sorted(packages.rglob("*.so*")):
        if path.is_symlink() or path.stat().st_size < STRIPPED_FROM_BYTES:
            continue
        copy = path.with_name(path.name + ".stripped")
        done = subprocess.run(
            ["strip", "--strip-unneeded", "-o", str(copy), str(path)],
            check=False,
            capture_output=True,
        )
        if done.returncode == 0 and is_loadable(copy):
            copy.replace(path)
        else:
            copy.unlink(missing_ok=True)


def is_loadable(library: Path) -> bool:
    """Return whether the loader can map a library; strip misplaces parts of patched ones.

    Each loadable segment's address and offset must be equal modulo its alignment (ELF-64
    specification, program header).
    """
    data = library.read_bytes()
    if data[:5] != ELF_64:
        return False
    (table,) = struct.unpack_from("<Q", data, 32)
    size_of_entry, entries = struct.unpack_from("<HH", data, 54)
    for at in range(table, table + entries * size_of_entry, size_of_entry):
        kind, _, offset, address, _, _, _, alignment = struct.unpack_from("<IIQQQQQQ", data, at)
        if kind == LOADABLE and (address - offset) % max(alignment, PAGE_BYTES):
            return False
    return True


def compile_imported(home: Path, standard: Path) -> None:
    """Compile the modules that a processor imports: packages in place, others below `standard`."""
    script = Path(__file__).with_name("imports.py")
    done = subprocess.run(
        [home / "bin" / "python", script], check=True, stdout=subprocess.PIPE, text=True
    )
    for line in done.stdout.splitlines():
        if not line.startswith("/"):
            continue
        place = Path(importlib.util.cache_from_source(line))
        if not place.is_relative_to(home):
            place = standard / place.relative_to("/")
        py_compile.compile(
            line,
            cfile=str(place),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            doraise=True,
        )


if __name__ == "__main__":
    main()
