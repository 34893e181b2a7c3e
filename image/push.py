"""Pushes an image to ECR and writes its digest where the environments read it.

Every environment that is named gets the same manifest, and thus the same digest: what was tested is
what is deployed.
"""

import base64
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cdk.config import ConfigError, load_environment
from cdk.naming import Names
from image.content import Accelerator
from image.engines import DOCKER, Engine
from scripts.setup.commands import ROOT

ENVIRONMENTS = ROOT / "environments"
PUSH_SECONDS = 3600.0
TABLES: Mapping[Accelerator, str] = {"cpu": "processor", "gpu": "gpu"}
"""The table of an environment's file that names the image with an accelerator."""

LOOPBACK = "127.0.0.1:"
_TABLE = re.compile(r"^(?=\[)", re.MULTILINE)
_IMAGE_TAG = re.compile(r'^(image_tag\s*=\s*)"[^"]*"', re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class PushError(RuntimeError):
    """The image was not pushed everywhere; the message says where, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A registry, without scheme, and who may push to it for some hours."""

    registry: str
    user: str
    password: str


def push_to_environments(
    engine: Engine,
    image: str,
    environments: Sequence[str],
    *,
    table: str,
    repository: Callable[[Names], str] = lambda names: names.processor,
) -> None:
    """Push to each environment's repository, write the digest into its file and print it.

    It goes to the file's `table`. Raises `PushError`, also when two registries would give one image
    two digests.
    """
    digests = {}
    for name in environments:
        file = ENVIRONMENTS / f"{name}.toml"
        try:
            environment = load_environment(file)
            ecr = boto3.client("ecr", region_name=environment.region)
            address = repository_uri(ecr, repository(Names(environment.name)))
            login = ecr_login(ecr)
        except (ConfigError, BotoCoreError, ClientError) as error:
            raise PushError(f"{name}: {error}") from error
        digests[name] = push(engine, image, address, login)
        if len(set(digests.values())) > 1:
            raise PushError(f"The environments would not run the same image: {digests}.")
        write_digest(file, digests[name], table=table)
        print(f"{address}@{digests[name]}\n  written to {file.relative_to(ROOT)}: deploy it")


def repository_uri(ecr: Any, name: str) -> str:
    """Return a repository's address; raise `PushError` if it is not deployed yet."""
    try:
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    except ecr.exceptions.RepositoryNotFoundException:
        raise PushError(
            f"There is no repository {name}. Deploy the storage stack of the environment first: "
            "npx cdk deploy -c environment=NAME 'Lifestream-NAME/Storage'."
        ) from None
    return str(found[0]["repositoryUri"])


def ecr_login(ecr: Any) -> Login:
    """Return ECR's login for the current AWS credentials."""
    answer = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
    registry = answer["proxyEndpoint"].partition("://")[2]
    return Login(registry=registry, user=user, password=password)


def push(engine: Engine, image: str, repository: str, login: Login | None) -> str:
    """Push an image under its own tag and return the digest; raise `PushError`."""
    target = f"{repository}:{image.rpartition(':')[2]}"
    if login is not None:
        run(
            engine,
            ["login", "--username", login.user, "--password-stdin", login.registry],
            given=login.password,
        )
    run(engine, ["tag", image, target])
    with tempfile.TemporaryDirectory() as folder:
        if engine.name == DOCKER:
            run(engine, ["push", target])
            said = run(
                engine,
                ["inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", target],
            )
            digests = [line for line in said.splitlines() if line.startswith(f"{repository}@")]
            digest = digests[0].partition("@")[2] if digests else ""
        else:
            note = Path(folder) / "digest"
            # Only a registry on this machine may speak without TLS.
            plain = ["--tls-verify=false"] if repository.startswith(LOOPBACK) else []
            run(engine, ["push", *plain, "--digestfile", str(note), target])
            digest = note.read_text().strip()
    if not _DIGEST.fullmatch(digest):
        raise PushError(f"{engine.name} pushed {target} but printed no digest ({digest!r}).")
    return digest


def write_digest(file: Path, digest: str, *, table: str = "processor") -> None:
    """Set `image_tag` in a table of an environment's file; raise `PushError` if there is none."""
    parts = _TABLE.split(file.read_text(encoding="utf-8"))
    changes = 0
    for index, part in enumerate(parts):
        if part.startswith(f"[{table}]"):
            parts[index], changes = _IMAGE_TAG.subn(rf'\g<1>"{digest}"', part)
    if changes != 1:
        raise PushError(
            f'{file.name} has no line image_tag = "..." in [{table}] to write {digest} to.'
        )
    file.write_text("".join(parts), encoding="utf-8")


def running(files: Sequence[Path], accelerator: Accelerator) -> list[Path]:
    """Return the environments' files that name an image with an accelerator."""
    return [
        file
        for file in files
        if TABLES[accelerator] in tomllib.loads(file.read_text(encoding="utf-8"))
    ]


def run(engine: Engine, arguments: Sequence[str], *, given: str | None = None) -> str:
    """Run one of the tool's commands; raise `PushError` with what it said."""
    done = subprocess.run(
        [*engine.manage, *arguments],
        check=False,
        input=given,
        capture_output=True,
        text=True,
        timeout=PUSH_SECONDS,
        env=engine.process_environment(),
    )
    if done.returncode != 0:
        said = done.stderr.strip()[-600:]
        raise PushError(f"{engine.name} {arguments[0]} failed (exit {done.returncode}): {said}")
    return done.stdout
