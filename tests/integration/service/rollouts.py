"""What users do while the API is deployed: open sockets, requests, and the deployment itself."""

import asyncio
import contextlib
import io
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.integration.cloud.waiting import until

CLUSTER, SERVICE = "lifestream-cluster-dev", "lifestream-api-dev"
GATE = "test-deployment-gate"
GATE_CODE = """
import boto3

def handler(event, context):
    found = boto3.client("ssm").get_parameter(Name="test-deployment-gate")
    return {"hookStatus": found["Parameter"]["Value"]}
"""
LONGEST_SECONDS = 300.0
POLL_SECONDS = 0.2
REQUEST_SECONDS = 0.05
RECONNECT_SECONDS = 0.2
BROKEN = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError)


def client_of(service: str, endpoint_url: str) -> Any:
    """Return a client with the local cloud's credentials."""
    connect_to: Any = boto3.client
    return connect_to(
        service,
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local cloud's
    )


class Rollouts:
    """The API's service in ECS."""

    def __init__(self, endpoint_url: str) -> None:
        self.ecs = client_of("ecs", endpoint_url)

    def service(self) -> Mapping[str, Any]:
        """Return the service as ECS describes it."""
        services = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        found: Mapping[str, Any] = services[0]
        return found

    def replace_all(self) -> None:
        """Begin to deploy the same version again."""
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)

    def deploy(
        self,
        *,
        command: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        **configuration: Any,
    ) -> str:
        """Deploy a version with another command or variables; return its task definition.

        `configuration` replaces fields of the service's deployment configuration.
        """
        service = self.service()
        definition: Mapping[str, Any] = self.ecs.describe_task_definition(
            taskDefinition=service["taskDefinition"]
        )["taskDefinition"]
        kept = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "volumes", "cpu")
        (container,) = definition["containerDefinitions"]
        given = {each["name"]: each["value"] for each in container["environment"]}
        environment = [{"name": k, "value": v} for k, v in {**given, **(variables or {})}.items()]
        changed: Any = {**container, "environment": environment}
        if command:
            changed["command"] = list(command)
        registered: str = self.ecs.register_task_definition(
            **{name: definition[name] for name in kept},
            memory=definition["memory"],
            requiresCompatibilities=definition["requiresCompatibilities"],
            containerDefinitions=[changed],
        )["taskDefinition"]["taskDefinitionArn"]
        before = self._listed()
        self.ecs.update_service(
            cluster=CLUSTER,
            service=SERVICE,
            taskDefinition=registered,
            deploymentConfiguration={**service["deploymentConfiguration"], **configuration},
        )
        if service["deploymentConfiguration"]["strategy"] == "BLUE_GREEN":
            # It begins in ECS's own time; until then the latest one is that before.
            until(lambda: self._listed()[:1] != before[:1], "the deployment has begun")
        return registered

    def use_rolling(self) -> None:
        """Let the next deployments be rolling ones."""
        configuration = {**self.service()["deploymentConfiguration"], "strategy": "ROLLING"}
        self.ecs.update_service(
            cluster=CLUSTER, service=SERVICE, deploymentConfiguration=configuration
        )

    def latest(self) -> Mapping[str, Any]:
        """Return the latest service deployment."""
        arn = self._listed()[0]
        found: Mapping[str, Any] = self.ecs.describe_service_deployments(
            serviceDeploymentArns=[arn]
        )["serviceDeployments"][0]
        return found

    def await_stage(self, stage: str) -> Mapping[str, Any]:
        """Wait until the latest service deployment is at a stage, and return it."""
        return self._await(lambda: self._at(stage), f"stage {stage}")

    def await_end(self) -> Mapping[str, Any]:
        """Wait until the latest service deployment is over, and return it."""
        return self._await(self._over, "its end")

    def await_steady(self) -> Mapping[str, Any]:
        """Wait until one deployment is left, and it is complete; return it."""
        return self._await(self._steady, "a steady service")

    def _listed(self) -> list[str]:
        listed = self.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)
        return [each["serviceDeploymentArn"] for each in listed["serviceDeployments"]]

    def _at(self, stage: str) -> Mapping[str, Any] | None:
        found = self.latest()
        assert found["status"] == "IN_PROGRESS", found
        return found if found["lifecycleStage"] == stage else None

    def _over(self) -> Mapping[str, Any] | None:
        found = self.latest()
        return found if "finishedAt" in found else None

    def _steady(self) -> Mapping[str, Any] | None:
        deployments = self.service()["deployments"]
        # While another one becomes the primary, there may be none.
        primary = [each for each in deployments if each["status"] == "PRIMARY"]
        others = [each["runningCount"] for each in deployments if each not in primary]
        complete = [each for each in primary if each["rolloutState"] == "COMPLETED"]
        return complete[0] if complete and not any(others) else None

    def _await(self, look: Callable[[], Mapping[str, Any] | None], what: str) -> Mapping[str, Any]:
        deadline = time.monotonic() + LONGEST_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, (what, self.service()["deployments"])
            time.sleep(POLL_SECONDS)
        return found


class Gate:
    """A lifecycle hook that holds a deployment at a stage until it is opened."""

    def __init__(self, endpoint_url: str, stage: str) -> None:
        self._ssm = client_of("ssm", endpoint_url)
        self._answer("IN_PROGRESS")
        role = client_of("iam", endpoint_url).create_role(
            RoleName=GATE, AssumeRolePolicyDocument="{}"
        )["Role"]["Arn"]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("gate.py", GATE_CODE)
        function = client_of("lambda", endpoint_url).create_function(
            FunctionName=GATE,
            Runtime="python3.12",
            Role=role,
            Handler="gate.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=300,
        )
        self.hook = {
            "hookTargetArn": function["FunctionArn"],
            "roleArn": role,
            "lifecycleStages": [stage],
        }

    def open(self) -> None:
        """Let the deployment go on."""
        self._answer("SUCCEEDED")

    def _answer(self, status: str) -> None:
        self._ssm.put_parameter(Name=GATE, Value=status, Type="String", Overwrite=True)


@dataclass(slots=True)
class Requests:
    """Requests one after the other, each over a connection of its own; `failures` of them."""

    url: str
    token: str
    path: str = "/v1/me"
    sent: int = 0
    failures: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Send requests until the context ends."""
        over = threading.Event()
        thread = threading.Thread(target=self._send_all, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _send_all(self, over: threading.Event) -> None:
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            f"{self.url}{self.path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        while not over.wait(REQUEST_SECONDS):
            self.sent += 1
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                    answer.read()
            except OSError as error:
                self.failures.append(repr(error))


class Sockets:
    """`count` sockets that follow all jobs and reconnect after their last event.

    `seen` are the jobs that each has seen, `cut` counts the ends of connections.
    """

    def __init__(self, url: str, token: str, count: int) -> None:
        self._url = f"{url.replace('http://', 'ws://')}/v1/ws"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._count = count
        self.open = self.cut = 0
        self.seen: list[set[str]] = [set() for _ in range(count)]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Keep the sockets open until the context ends."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        over = asyncio.Event()
        done = asyncio.run_coroutine_threadsafe(self._all(over), loop)
        try:
            self.wait_for(lambda: self.open == self._count)
            yield
        finally:
            loop.call_soon_threadsafe(over.set)
            done.result(LONGEST_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def have_seen(self, job_id: str) -> bool:
        """Return whether all of them have seen a job."""
        return all(job_id in seen for seen in self.seen)

    def wait_for(self, condition: Any) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (self.open, self.cut, self.seen)
            time.sleep(POLL_SECONDS)

    async def _all(self, over: asyncio.Event) -> None:
        following = [asyncio.create_task(self._follow(number)) for number in range(self._count)]
        await over.wait()
        for each in following:
            each.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    async def _follow(self, number: int) -> None:
        last = ""
        while True:
            with contextlib.suppress(*BROKEN):
                async with connect(
                    self._url + (f"?last_event_id={last}" if last else ""),
                    additional_headers=self._headers,
                ) as socket:
                    self.open += 1
                    try:
                        async for text in socket:
                            message = json.loads(text)
                            if message["event"] == "job":
                                last = message["id"]
                                self.seen[number].add(message["data"]["job_id"])
                    finally:
                        self.open -= 1
                        self.cut += 1
            await asyncio.sleep(RECONNECT_SECONDS)
