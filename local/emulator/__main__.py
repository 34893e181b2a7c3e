"""Launcher: `python -m local.emulator` runs the embedded AWS on its own, in the foreground."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from local import toolchain
from local.commands import run_command
from local.emulator.settings import Enforcement, Settings
from local.images import Images
from local.ports import free_port


def main(
    *,
    port: Annotated[int, typer.Option(help="0 chooses a free one.")] = 0,
    state_dir: Annotated[Path, typer.Option()] = toolchain.STATE / "cloud",
    images: Annotated[Path | None, typer.Option(help="A file written by Images.to_json.")] = None,
    lambda_python: Annotated[Path, typer.Option()] = toolchain.LAMBDA_PYTHON,
    stop_with_parent: Annotated[bool, typer.Option("--stop-with-parent")] = False,
    patches: Annotated[
        bool, typer.Option("--patches", help="Print every change made to ministack, and end.")
    ] = False,
) -> int:
    """Run the embedded AWS on its own, in the foreground."""
    settings = Settings(
        port=port or free_port(),
        state_dir=state_dir.absolute(),
        images=Images.from_json(images.read_text()) if images else toolchain.images(),
        lambda_python=lambda_python.absolute(),
        stop_with_parent=stop_with_parent,
        # So that the list holds the patches of permissions too; nothing is served.
        enforcement=Enforcement(certificate=Path(), key=Path(), plain_port=0) if patches else None,
    )
    environment = settings.process_environment(toolchain.ROOT)
    Path(environment["HOME"]).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "local.emulator.serve", *(["--patches"] if patches else [])]
    if not (stop_with_parent or patches):
        print(f"AWS_ENDPOINT_URL={settings.endpoint_url}", flush=True)
    os.execve(  # noqa: S606 the same interpreter, with an environment that inherits nothing
        sys.executable, command, environment
    )


if __name__ == "__main__":
    run_command(main, "python -m local.emulator")
