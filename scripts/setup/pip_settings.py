"""pip's settings of package indexes, for other tools than pip."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


def pip_settings(python: Path = Path(sys.executable)) -> dict[str, str]:
    """Return the settings of a Python's pip from files and the environment, by bare option name."""
    listed = subprocess.run(
        [str(python), "-m", "pip", "config", "list"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    ).stdout
    return merged(listed.splitlines())


def merged(lines: Iterable[str]) -> dict[str, str]:
    """Merge lines of `pip config list`, such as `global.cert='/path'`; the environment wins."""
    settings: dict[str, str] = {}
    by_weight = sorted(lines, key=lambda line: line.startswith(":env:"))
    for line in by_weight:
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in {"global", "install", ":env:"}:
            settings[option] = value.strip("'\"").replace("\\n", " ")
    return settings


def uv_command(
    uv: Path, home: Path, settings: Mapping[str, str], *, compiled: bool = True
) -> list[str]:
    """Return what begins uv's command that adds packages to an environment, from where pip would.

    Like pip, it takes the best version of all indexes, not that of the first one, and trusts the
    system's certificates. With `compiled`, it writes the bytecode of every module.
    """
    command = [str(uv), "pip", "install", "--python", str(home / "bin" / "python")]
    command += ["--index-strategy", "unsafe-best-match", "--system-certs"]
    if compiled:
        command.append("--compile-bytecode")
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        command.append("--no-index")
    if index := settings.get("index-url"):
        command += ["--default-index", index]
    for option, name in (
        ("extra-index-url", "--index"),
        ("find-links", "--find-links"),
        ("trusted-host", "--allow-insecure-host"),
    ):
        for value in settings.get(option, "").split():
            command += [name, value]
    if certificates := settings.get("cert"):
        return ["env", f"SSL_CERT_FILE={certificates}", *command]
    return command
