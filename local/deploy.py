"""Deploys the synthesized templates into a local cloud with the real CDK command line."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import WaiterError

from local import toolchain
from local.cloud import LocalCloud
from local.kept_assemblies import builds_image, digest, kept_assembly
from runtime.core.contract import Launch

BOOTSTRAP_STACK = "CDKToolkit"
BOOTSTRAP_PARAMETERS = {"FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY"}
"""What the command line sets where it is given no options."""

STACKS_AT_ONCE = "4"
LINES_SHOWN = 30
CROSS_STACK_EXPORT = "ExportsOutput"

OnStart = Callable[["subprocess.Popen[str]"], None]


class DeployFailedError(RuntimeError):
    """Synthesis or deployment failed; the message holds the end of its output."""


def deploy(
    cloud: LocalCloud,
    *,
    environment: str,
    launch: Launch | None = None,
    service: Mapping[str, Any] | None = None,
    assembly: Path | None = None,
    without: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    container_tool: Path | None = None,
    on_start: OnStart = lambda _process: None,
) -> dict[str, str]:
    """Deploy one environment and return the outputs of all its stacks together.

    `launch` is how jobs are run if not as the environment's file says, and `service` has settings
    of its table that replace the file's. `assembly` is a cloud assembly that is synthesized
    already; without it, `app.py` is run, or what it made of the same sources is used. A stack
    whose path ends in one of `without` is left out; with `only`, all are but those whose paths end
    so. `container_tool` is what builds images, if not Docker. Every line the tools print goes to
    `deploy.log` in the cloud's folder; `on_start` gets each tool's process, so that it can be
    ended. Raises `DeployFailedError`.
    """
    runner = _Runner(cloud, container_tool, on_start)
    with ThreadPoolExecutor(max_workers=2) as both:
        bootstrapped = both.submit(bootstrap, cloud)
        context: dict[str, Any] = {"environment": environment}
        context |= {k: v for k, v in {"launch": launch, "service": service}.items() if v}
        synthesized = both.submit(synthesize, cloud, runner, context, assembly)
        bootstrapped.result()
        folder = assembly_of(synthesized.result(), environment)
    outputs = cloud.state_dir / "outputs.json"
    outputs.unlink(missing_ok=True)
    stacks = ["**"]
    if without:
        stacks = [path for path in stack_paths(folder) if not path.endswith(without)]
    if only:
        chosen = [path for path in stack_paths(folder) if path.endswith(only)]
        stacks = [*chosen, "--exclusively"]
    command = ["deploy", *stacks, "--app", str(folder), "--outputs-file", str(outputs)]
    # A change set would be created, waited for and deleted for each stack.
    command += ["--method", "direct", "--concurrency", STACKS_AT_ONCE]
    runner.cdk([*command, "--require-approval", "never", "--progress", "events"])
    return merged(json.loads(outputs.read_text()))


def destroy(cloud: LocalCloud, *, environment: str, assembly: Path) -> None:
    """Destroy all stacks of one environment, the last deployed first.

    Raises `DeployFailedError` at the first stack that refuses, as one with termination protection
    does; what depended on it is gone by then.
    """
    folder = assembly_of(assembly, environment)
    _Runner(cloud).cdk(["destroy", "**", "--app", str(folder), "--force"])


def bootstrap(cloud: LocalCloud) -> None:
    """Make the CDK's own bucket and roles, unless they are there.

    It is what `cdk bootstrap` makes, by its template, without two seconds of its processor time.
    """
    client = cloud.client("cloudformation")
    listed = client.list_stacks()["StackSummaries"]
    if BOOTSTRAP_STACK in {stack["StackName"] for stack in listed}:
        return
    client.create_stack(
        StackName=BOOTSTRAP_STACK,
        TemplateBody=toolchain.BOOTSTRAP_TEMPLATE.read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in BOOTSTRAP_PARAMETERS.items()
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    made = client.get_waiter("stack_create_complete")
    try:
        made.wait(StackName=BOOTSTRAP_STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 600})
    except WaiterError as error:
        raise DeployFailedError(f"The stack {BOOTSTRAP_STACK} was not made: {error}") from error


def synthesize(
    cloud: LocalCloud,
    runner: "_Runner",
    context: Mapping[str, Any],
    assembly: Path | None,
) -> Path:
    """Return the cloud assembly: the given one, or what `app.py` makes of the sources.

    The latter is a copy of one that is kept until a source changes.
    """
    if assembly is not None:
        return assembly

    def make(made: Path) -> None:
        runner.run(
            [sys.executable, str(toolchain.ROOT / "app.py")],
            what="Synthesis (app.py)",
            working_directory=toolchain.ROOT,
            # As the CDK command line would pass them.
            more={
                "CDK_OUTDIR": str(made),
                # `make check` checks the same templates.
                "CDK_CONTEXT_JSON": json.dumps({**context, "checks": "off"}),
            },
        )

    files = (toolchain.ROOT / "environments").glob("*.toml")
    with_image = builds_image({file.stem: file.read_text() for file in files})
    sources = digest(with_image=with_image)
    kept = kept_assembly(["local", dict(context)], sources=sources, make=make)
    folder = cloud.state_dir / "cdk.out"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    return folder


def assembly_of(folder: Path, environment: str) -> Path:
    """Return the nested assembly of an environment's stage, or the folder if it has no stages."""
    nested = _artifacts(folder, "cdk:cloud-assembly")
    stages = [artifact["properties"]["directoryName"] for artifact in nested]
    if not stages:
        return folder
    found = [n for n in stages if n.removeprefix("assembly-").partition("-")[2] == environment]
    if len(found) != 1:
        raise DeployFailedError(
            f"The assembly in {folder} has the stages {sorted(stages)}; none or several are of "
            f"the environment {environment!r}. Is there an environments/{environment}.toml?"
        )
    return folder / str(found[0])


def stack_paths(folder: Path) -> list[str]:
    """Return the paths of an assembly's stacks."""
    stacks = _artifacts(folder, "aws:cloudformation:stack")
    return sorted(str(artifact["displayName"]) for artifact in stacks)


def _artifacts(folder: Path, kind: str) -> list[Mapping[str, Any]]:
    manifest: Mapping[str, Any] = json.loads((folder / "manifest.json").read_text())
    return [each for each in manifest.get("artifacts", {}).values() if each["type"] == kind]


def merged(by_stack: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the outputs of all stacks, without those that CDK makes for references between them.

    Raises `DeployFailedError` when two stacks give one name different values.
    """
    outputs: dict[str, str] = {}
    for stack, values in by_stack.items():
        for name, value in values.items():
            if name.startswith(CROSS_STACK_EXPORT):
                continue
            if outputs.setdefault(name, value) != value:
                raise DeployFailedError(f"{stack} and another stack differ in the output {name}.")
    return outputs


class _Runner:
    """Runs the tools with an environment that finds the cloud and nothing of the user's AWS."""

    def __init__(
        self,
        cloud: LocalCloud,
        container_tool: Path | None = None,
        on_start: OnStart = lambda _process: None,
    ) -> None:
        self._on_start = on_start
        self._log = cloud.state_dir / "deploy.log"
        self._log.unlink(missing_ok=True)
        self._lock = threading.Lock()
        self._working_directory = cloud.state_dir
        home = cloud.state_dir / "home"
        home.mkdir(exist_ok=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_"))}
        self._environment = {
            **inherited,
            **cloud.aws_environment(),
            # The command line caches accounts in `~/.cdk`; another cloud's would be stale.
            "HOME": str(home),
            "PATH": f"{toolchain.node().parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CI": "true",
            **({"CDK_DOCKER": str(container_tool)} if container_tool else {}),
        }

    def cdk(self, arguments: Sequence[str]) -> None:
        """Run the CDK command line away from cdk.json, which would make it synthesize again."""
        quiet = ["--no-notices", "--no-version-reporting", "--no-color"]
        self.run(
            [*toolchain.cdk_command(), *arguments, *quiet],
            what=f"cdk {arguments[0]}",
            working_directory=self._working_directory,
        )

    def run(
        self,
        command: Sequence[str],
        *,
        what: str,
        working_directory: Path,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command to its end; raise `DeployFailedError` with its last lines if it fails."""
        lines: list[str] = []
        with subprocess.Popen(
            command,
            cwd=working_directory,
            env={**self._environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            self._on_start(process)
            for line in process.stdout or ():
                lines.append(line.rstrip())
                with self._lock, self._log.open("a") as log:
                    log.write(line.rstrip() + "\n")
        if process.returncode != 0:
            shown = "\n".join(lines[-LINES_SHOWN:])
            raise DeployFailedError(
                f"{what} failed with exit code {process.returncode}. All output is in "
                f"{self._log}; it ends with:\n{shown}"
            )
