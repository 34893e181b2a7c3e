"""What the emulator's process is told by whoever starts it, as one environment variable."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.images import Images

VARIABLE = "LIFESTREAM_EMULATOR"
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the emulator listens and keeps its files, and what it runs code with.

    With `stop_with_parent`, the end of its standard input stops it: that happens however the
    parent dies.
    """

    port: int
    state_dir: Path
    images: Images
    lambda_python: Path
    stop_with_parent: bool

    @property
    def endpoint_url(self) -> str:
        """Where AWS clients find it."""
        return f"http://{HOST}:{self.port}"

    @property
    def tasks_dir(self) -> Path:
        """Where each running task has a folder of its own."""
        return self.state_dir / "tasks"

    def process_environment(self, python_path: Path) -> dict[str, str]:
        """Return the whole environment of the emulator's process; nothing is inherited."""
        home = self.state_dir / "emulator"
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(python_path),
            "PYTHONUNBUFFERED": "1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": HOST,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            VARIABLE: self._to_json(),
        }

    def _to_json(self) -> str:
        return json.dumps(
            {
                "port": self.port,
                "state_dir": str(self.state_dir),
                "images": self.images.to_json(),
                "lambda_python": str(self.lambda_python),
                "stop_with_parent": self.stop_with_parent,
            }
        )

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings back inside the emulator's process."""
        values = json.loads(environment[VARIABLE])
        return Settings(
            port=values["port"],
            state_dir=Path(values["state_dir"]),
            images=Images.from_json(values["images"]),
            lambda_python=Path(values["lambda_python"]),
            stop_with_parent=values["stop_with_parent"],
        )
