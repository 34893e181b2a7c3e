"""`python -m local.emulator`: run the embedded AWS on its own, in the foreground."""

import argparse
import os
import sys
from pathlib import Path

from local import toolchain
from local.emulator.settings import Settings
from local.images import Images
from local.ports import free_port


def main() -> None:
    """Become the emulator's process, with an environment that holds nothing of this one's."""
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--state-dir", type=Path, default=toolchain.STATE / "cloud")
    parser.add_argument("--images", type=Path, help="a file written by Images.to_json")
    parser.add_argument("--lambda-python", type=Path, default=toolchain.LAMBDA_PYTHON)
    parser.add_argument("--stop-with-parent", action="store_true")
    given = parser.parse_args()
    images = Images.from_json(given.images.read_text()) if given.images else toolchain.images()
    settings = Settings(
        port=given.port or free_port(),
        state_dir=given.state_dir.absolute(),
        images=images,
        lambda_python=given.lambda_python.absolute(),
        stop_with_parent=given.stop_with_parent,
    )
    environment = settings.process_environment(toolchain.ROOT)
    Path(environment["HOME"]).mkdir(parents=True, exist_ok=True)
    if not settings.stop_with_parent:
        print(f"AWS_ENDPOINT_URL={settings.endpoint_url}", flush=True)
    os.execve(  # noqa: S606 the same interpreter, with a clean environment
        sys.executable, [sys.executable, "-m", "local.emulator.serve"], environment
    )


if __name__ == "__main__":
    main()
