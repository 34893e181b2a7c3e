"""The system under test: the templates as deployed, in a local cloud behind the proxy."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from chaos.call_names import Caller
from chaos.interpreters import interposed
from chaos.proxy import Proxy
from lifestream.adapters import Clients, operations_of
from lifestream.ports import Operations
from local import deploy, toolchain
from local.cloud import LocalCloud
from local.images import Images
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.core.contract import EnvVar, Launch, Output

ENVIRONMENT = "dev"

OTHER = "other-version"
"""The folder of a run with the code of another version."""

FIRST_MESSAGES_SECONDS = 20.0
LOOK_SECONDS = 0.2
VISIBILITY_SECONDS = 5
MAX_RECEIVES = 2
"""Few, so that messages end in the dead-letter queue again and again and have to be redriven."""

MAX_ATTEMPTS = "6"
"""More than the kills and passing faults planned for one job."""

SHORT_TIMEOUTS: Mapping[Output, Mapping[str, str]] = {
    Output.DISPATCHER_FUNCTION: {EnvVar.CLAIM_LEASE_SECONDS: "4"},
    Output.REAPER_FUNCTION: {
        EnvVar.HEARTBEAT_SILENCE_SECONDS: "9",
        EnvVar.UNANNOUNCED_SECONDS: "9",
        EnvVar.TASK_START_SECONDS: "15",
        EnvVar.LOST_EVENT_SECONDS: "10",
    },
}
"""Settings that are minutes in production, so that a run meets each of them many times.

Production refuses to deploy a lease shorter than the function's time limit: in a run it makes
dispatchers lose claims while they work."""

PROCESSOR_TIMEOUTS: Mapping[str, str] = {
    EnvVar.STOP_TIMEOUT_SECONDS: "2",
}
"""Within production's two minutes a short job would end by itself; in a run it is requeued."""


SETTLE_SECONDS = 8.0
"""How long a lost call to a worker's agent may take effect: here the agent ends it after 4 s."""


class Budgets(StrEnum):
    """How often a job may fail and a message be received.

    PRODUCTION: as deployed. REDRIVE: more runs, but so few receives that messages end as dead
    letters and an operator redrives them all the time.
    """

    PRODUCTION = "production"
    REDRIVE = "redrive"


class CloudClients(Clients):
    """Clients of a local cloud, past the proxy."""

    def __init__(self, cloud: LocalCloud) -> None:
        super().__init__(cloud.aws_environment())
        self._cloud = cloud

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._made:
            self._made[service] = self._cloud.client(service)
        return self._made[service]


@dataclass(frozen=True, slots=True)
class System:
    """A deployed environment, looked at past the proxy."""

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @property
    def bucket(self) -> str:
        """The media bucket."""
        return self.outputs[Output.MEDIA_BUCKET]

    def jobs(self) -> DynamoJobStore:
        """Return the job store."""
        return DynamoJobStore(
            self.cloud.client("dynamodb"),
            jobs_table=self.outputs[Output.JOBS_TABLE],
            idempotency_table=self.outputs[Output.IDEMPOTENCY_TABLE],
        )

    def objects(self) -> S3ObjectStore:
        """Return the object store."""
        return S3ObjectStore(self.cloud.client("s3"))

    def operations(self) -> Operations:
        """Return the environment as the operators' commands work on it."""
        return operations_of(CloudClients(self.cloud), ENVIRONMENT, self.outputs)

    def messages(self, queue: Output) -> int:
        """Return how many messages a queue holds, waiting, hidden or delayed."""
        attributes = self.cloud.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=["All"]
        )["Attributes"]
        kinds = ("", "NotVisible", "Delayed")
        return sum(int(attributes.get(f"ApproximateNumberOfMessages{kind}", 0)) for kind in kinds)

    def keep_logs(self, folder: Path) -> None:
        """Write every line that our processes logged to a file for each log group."""
        logs = self.cloud.client("logs")
        folder.mkdir(exist_ok=True)
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            with (folder / f"{name.strip('/').replace('/', '-')}.jsonl").open("w") as file:
                for page in pages:
                    file.writelines(event["message"].rstrip() + "\n" for event in page["events"])

    def tasks(self, **which: str) -> list[dict[str, Any]]:
        """Return the tasks of ListTasks' options, by default those that are not to stop."""
        ecs, cluster = self.cloud.client("ecs"), self.outputs[Output.CLUSTER]
        # A page has as many tasks as one DescribeTasks takes.
        pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, **which)
        listed = [arns for page in pages if (arns := page["taskArns"])]
        return [
            task
            for arns in listed
            for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        ]


@contextmanager
def deployed(
    proxy: Proxy,
    folder: Path,
    on_line: Callable[[str], None],
    *,
    launch: Launch = Launch.ON_DEMAND,
    budgets: Budgets = Budgets.REDRIVE,
    other_version: str | None = None,
) -> Iterator[System]:
    """Start a cloud whose processes find AWS behind `proxy`, deploy, and shorten timeouts.

    With `other_version`, a revision of the repository, half of the processors run its code.
    """
    processor = interposed(
        folder / "processor",
        python=toolchain.PROCESSOR_PYTHON,
        name=Caller.PROCESSOR,
        endpoint_url=proxy.url,
        settings={**PROCESSOR_TIMEOUTS, **_attempts(budgets)},
        other_code=None if other_version is None else _checked_out(other_version, folder / OTHER),
    )
    function = interposed(
        folder / "function",
        python=toolchain.LAMBDA_PYTHON,
        name="function",
        endpoint_url=proxy.url,
    )
    images = toolchain.images(code=folder / "image")
    _detach(folder / "image" / "runtime")
    if launch is Launch.POOL:
        _shorten_settling(folder / "image" / "runtime" / "protection" / "policy.py")
    # As in an image; each start of a processor would compile it.
    compileall.compile_dir(folder / "image" / "runtime", quiet=1)
    with LocalCloud.start(
        state_dir=folder / "cloud",
        images=Images(tuple(replace(image, python=processor) for image in images.images)),
        lambda_python=function,
    ) as cloud:
        proxy.upstream = cloud.endpoint_url
        on_line("the cloud is up, the templates are being deployed")
        system = System(cloud, deploy.deploy(cloud, environment=ENVIRONMENT, launch=launch))
        _await_first_messages(system)
        _shorten_timeouts(system, budgets)
        yield system


def operator_environment(system: System, proxy: Proxy, folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the interpreter and variables with which operators' commands meet the faults too."""
    python = interposed(
        folder / "operator",
        python=Path(sys.executable),
        name=Caller.OPERATOR,
        endpoint_url=proxy.url,
    )
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return python, {**inherited, **system.cloud.aws_environment()}


def _detach(packages: Path) -> None:
    """Replace links by copies: an image does not change while the sources are edited."""
    for link in packages.iterdir():
        source = link.resolve()
        link.unlink()
        if source.is_dir():
            shutil.copytree(source, link, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, link)


def _shorten_settling(policy: Path) -> None:
    """Change the one period of workers that no setting is for; raise `ValueError` without it."""
    text, count = re.subn(
        r"(?m)^    settle_seconds: float = [\d.]+$",
        f"    settle_seconds: float = {SETTLE_SECONDS}",
        policy.read_text(),
    )
    if count != 1:
        raise ValueError(f"{policy} has no default of settle_seconds")
    policy.write_text(text)


def _checked_out(revision: str, folder: Path) -> Path:
    """Fill a folder with `runtime/` as it is in a revision, and return it."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", revision, "runtime"], cwd=toolchain.ROOT, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
    compileall.compile_dir(folder, quiet=1)
    return folder


def _await_first_messages(system: System) -> None:
    """Let S3's test events be answered: in flight they would stay hidden for the usual time."""
    deadline = time.monotonic() + FIRST_MESSAGES_SECONDS
    while system.messages(Output.JOBS_QUEUE_URL) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def set_queue(
    system: System, queue: Output, visibility_seconds: int, max_receives: int | None
) -> None:
    """Change a queue's visibility timeout, and its maximum of receives unless that is None."""
    sqs, url = system.cloud.client("sqs"), system.outputs[queue]
    known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    redrive = json.loads(known["Attributes"]["RedrivePolicy"])
    if max_receives is not None:
        redrive["maxReceiveCount"] = max_receives
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "VisibilityTimeout": str(visibility_seconds),
            "RedrivePolicy": json.dumps(redrive),
        },
    )


def _attempts(budgets: Budgets) -> Mapping[str, str]:
    return {EnvVar.MAX_ATTEMPTS: MAX_ATTEMPTS} if budgets is Budgets.REDRIVE else {}


def _shorten_timeouts(system: System, budgets: Budgets) -> None:
    receives = MAX_RECEIVES if budgets is Budgets.REDRIVE else None
    set_queue(system, Output.JOBS_QUEUE_URL, VISIBILITY_SECONDS, receives)
    functions = system.cloud.client("lambda")
    for output, settings in SHORT_TIMEOUTS.items():
        function = system.outputs[output]
        known = functions.get_function_configuration(FunctionName=function)
        variables = {**known["Environment"]["Variables"], **settings}
        if output is Output.REAPER_FUNCTION:
            variables = {**variables, **_attempts(budgets)}
        functions.update_function_configuration(
            FunctionName=function, Environment={"Variables": variables}
        )
