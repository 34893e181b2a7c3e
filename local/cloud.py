"""The local cloud: starts the embedded AWS, connects to it, stops it with all it runs."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Self

import boto3
from botocore.config import Config

from local.certificate import NoOpensslError, make_certificate
from local.emulator.settings import Enforcement, Quotas, Settings
from local.images import Images
from local.ports import free_port
from local.processes import answers, end

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "000000000000"
REGION = "us-east-1"
READY_PATH = "/_ministack/ready"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
"""Only a busy machine takes longer than one."""

POLL_SECONDS = 0.05
START_ATTEMPTS = 3
"""Another process may take a chosen port before the emulator binds it."""

LOG_LINES_SHOWN = 20
UNLIMITED = Quotas()
USUAL = Config(connect_timeout=2, read_timeout=30, retries={"max_attempts": 2})

AUTHORITY_VARIABLES = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables that name the authority the SDKs and the CDK command line trust."""


class CloudError(RuntimeError):
    """The local cloud could not be started; the message says why and what to do."""


class StateInUseError(CloudError):
    """Another local cloud uses the same folder."""


class LocalCloud:
    """A running embedded AWS, made by `start`.

    Leaving the context stops it; so does the end of this process.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes]", settings: Settings, lock: IO[str]
    ) -> None:
        self._process = process
        self._settings = settings
        self._lock = lock

    @classmethod
    def start(
        cls,
        *,
        state_dir: Path,
        images: Images,
        lambda_python: Path,
        enforce_permissions: bool = False,
        quotas: Quotas = UNLIMITED,
        port: int | None = None,
        front_doors: Mapping[str, int] | None = None,
        timeout_seconds: float = START_SECONDS,
    ) -> Self:
        """Start an emulator on 127.0.0.1, at a free port if none is given; wait until it answers.

        Its log is `state_dir/emulator.log`. With `enforce_permissions` every function and task may
        do what its role allows and no more; this process is the account's administrator.
        `quotas` are the account's; `front_doors` are the emulator's setting. Raises
        `StateInUseError` when another one uses the folder, `CloudError` when it does not come up.
        """
        if not lambda_python.exists():
            raise CloudError(f"There is no Python for functions at {lambda_python}: `make setup`.")
        state_dir = state_dir.absolute()
        state_dir.mkdir(parents=True, exist_ok=True)
        lock = _locked(state_dir)
        for attempt in range(1, START_ATTEMPTS + 1):
            settings = Settings(
                port=port or free_port(),
                state_dir=state_dir,
                images=images,
                lambda_python=lambda_python.absolute(),
                stop_with_parent=True,
                enforcement=_enforcement(state_dir) if enforce_permissions else None,
                quotas=quotas,
                front_doors=front_doors or {},
            )
            cloud = cls(_launch(settings), settings, lock)
            try:
                cloud._await_ready(timeout_seconds)
            except CloudError:
                cloud._end_process()
                if attempt == START_ATTEMPTS:
                    lock.close()
                    raise
            else:
                return cloud
        raise AssertionError

    @property
    def endpoint_url(self) -> str:
        """Where every AWS client finds it."""
        return self._settings.endpoint_url

    @property
    def state_dir(self) -> Path:
        """Where it keeps its log and its tasks' folders."""
        return self._settings.state_dir

    def aws_environment(self) -> dict[str, str]:
        """Return the variables by which the AWS SDKs and the CDK command line find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **{name: str(self._authority) for name in AUTHORITY_VARIABLES if self._authority},
        }

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a boto3 client of it, whatever the process's own AWS settings are.

        `config` overrides the usual timeouts and retries.
        """
        connect: Callable[..., Any] = boto3.client
        return connect(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 the emulator accepts any
            verify=str(self._authority) if self._authority else None,
            config=USUAL.merge(config) if config else USUAL,
        )

    @property
    def _authority(self) -> Path | None:
        """The certificate that identifies it, if it speaks TLS."""
        enforcement = self._settings.enforcement
        return enforcement.certificate if enforcement else None

    def stop(self) -> None:
        """Stop it and every task and function it runs; may be called more than once."""
        self._end_process()
        self._lock.close()

    def __enter__(self) -> Self:
        """Return the cloud, which is running already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _await_ready(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not answers(self._settings.container_url + READY_PATH, timeout_seconds=1):
            if self._process.poll() is not None:
                raise CloudError(f"The local cloud ended while starting.\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise CloudError(
                    f"The local cloud did not answer within {timeout_seconds:.0f} s.\n"
                    f"{self._log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def _log_tail(self) -> str:
        lines = (self.state_dir / "emulator.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])

    def _end_process(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        group = self._process.pid
        end(self._process, STOP_SECONDS, kill=lambda: os.killpg(group, signal.SIGKILL))


def _enforcement(state_dir: Path) -> Enforcement:
    try:
        made = make_certificate(state_dir / "tls")
    except NoOpensslError as error:
        raise CloudError(str(error)) from error
    return Enforcement(certificate=made.certificate, key=made.key, plain_port=free_port())


def _locked(state_dir: Path) -> IO[str]:
    lock = (state_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StateInUseError(
            f"Another local cloud is running in {state_dir}. Stop it, or choose another folder."
        ) from None
    return lock


def _launch(settings: Settings) -> "subprocess.Popen[bytes]":
    environment = settings.process_environment(ROOT)
    Path(environment["HOME"]).mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "emulator.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "local.emulator.serve"],
            cwd=settings.state_dir,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
