"""Gap (1.5.33, local): RunTask needs a Docker daemon; the environment of a process.

Paths that exist only inside a container (its `/tmp` and its mounted volumes) are moved into the
task's scratch folder.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from local.images import Image
from runtime.core.contract import EnvVar

UNREACHABLE_HOST = "host.docker.internal"
OF_THIS_MACHINE = ("AWS_CA_BUNDLE",)
"""Paths that stay as they are: what is there is not the container's own."""

CONTAINER_TMP = "/tmp"  # noqa: S108 the container's own, moved into the scratch folder


def container_environment(
    declared: Mapping[str, str],
    *,
    image: Image,
    region: str,
    endpoint_host: str,
    scratch: Path,
    mounted_paths: Iterable[str] = (),
) -> dict[str, str]:
    """Return what the process is given; `declared` is task definition, overrides and secrets.

    `endpoint_host` replaces the host under which a Docker container would reach the emulator.
    """
    inside = {
        name: value if name in OF_THIS_MACHINE else _moved(value, scratch, mounted_paths)
        for name, value in declared_environment(
            declared, region=region, endpoint_host=endpoint_host
        ).items()
    }
    return {
        "PATH": f"{image.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(image.code),
        EnvVar.WORK_DIR: str(scratch),
        **image.environment,
        **inside,
    }


def declared_environment(
    declared: Mapping[str, str], *, region: str, endpoint_host: str
) -> dict[str, str]:
    """Return what ECS itself gives a container, whatever its image: `declared` and ECS's own."""
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        **{
            name: value.replace(UNREACHABLE_HOST, endpoint_host) for name, value in declared.items()
        },
    }


def _moved(value: str, scratch: Path, mounted_paths: Iterable[str]) -> str:
    for path in (*mounted_paths, CONTAINER_TMP):
        root = path.rstrip("/")
        if value == root or value.startswith(root + "/"):
            return str(scratch) + value[len(root) :]
    return value
