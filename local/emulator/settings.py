"""Launcher: the settings of the emulator's process, passed as one environment variable."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from local.images import Images

VARIABLE = "LIFESTREAM_EMULATOR"
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """What enforcing permissions needs: TLS, which policies require, and a port without it."""

    certificate: Path
    key: Path
    plain_port: int

    def process_environment(self) -> dict[str, str]:
        """Return what makes ministack check every signature and every permission."""
        return {
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self.certificate),
            "MINISTACK_SSL_KEY": str(self.key),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What the account may use at once in a region; None is unlimited."""

    fargate_vcpus: float | None = None
    fargate_spot_vcpus: float | None = None
    lambda_concurrency: int = 1000


NEW_ACCOUNT = Quotas(fargate_vcpus=6, fargate_spot_vcpus=6, lambda_concurrency=10)
"""The quotas of an account that AWS has just opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the emulator listens and keeps its files, and what it runs code with.

    With `stop_with_parent`, the end of its standard input stops it: that happens however the
    parent dies. With `enforcement`, permissions are enforced and it speaks TLS.
    `front_doors` are ports of services behind a load balancer, by the name of their container.
    """

    port: int
    state_dir: Path
    images: Images
    lambda_python: Path
    stop_with_parent: bool
    enforcement: Enforcement | None = None
    quotas: Quotas = field(default_factory=Quotas)
    front_doors: Mapping[str, int] = field(default_factory=dict)

    @property
    def endpoint_url(self) -> str:
        """Where AWS clients find it."""
        return f"{'https' if self.enforcement else 'http'}://{HOST}:{self.port}"

    @property
    def plain_port(self) -> int:
        """The port that never speaks TLS."""
        return self.enforcement.plain_port if self.enforcement else self.port

    @property
    def container_url(self) -> str:
        """Where a task finds its credentials and its agent, which never speak TLS."""
        return f"http://{HOST}:{self.plain_port}"

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
            **(self.enforcement.process_environment() if self.enforcement else {}),
            VARIABLE: _SETTINGS.dump_json(self).decode(),
        }

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings back inside the emulator's process."""
        return _SETTINGS.validate_json(environment[VARIABLE])


_SETTINGS = TypeAdapter(Settings)
