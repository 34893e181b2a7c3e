"""Launcher: refuses any other ministack than the one the patches are written against."""

from importlib.metadata import version

SUPPORTED = "1.5.33"


class UnsupportedEmulatorError(RuntimeError):
    """The installed ministack is not the one that pyproject.toml pins."""


def check(installed: str | None = None) -> None:
    """Raise `UnsupportedEmulatorError` unless the supported version is installed."""
    found = installed or version("ministack")
    if found != SUPPORTED:
        raise UnsupportedEmulatorError(
            f"The local cloud's patches are written against ministack {SUPPORTED}, but {found} is "
            "installed. Run `make setup` to install the pinned one."
        )
