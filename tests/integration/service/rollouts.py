"""What users do while the API is deployed: open sockets, requests, and the deployment itself."""

import asyncio
import contextlib
import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

CLUSTER, SERVICE = "lifestream-cluster-dev", "lifestream-api-dev"
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

    def deploy_broken(self) -> str:
        """Deploy a version that cannot start; return its task definition."""
        definition: Mapping[str, Any] = self.ecs.describe_task_definition(
            taskDefinition=self.service()["taskDefinition"]
        )["taskDefinition"]
        kept = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "volumes", "cpu")
        (container,) = definition["containerDefinitions"]
        broken_container: Any = {**container, "command": ["no_such_module"]}
        broken = self.ecs.register_task_definition(
            **{name: definition[name] for name in kept},
            memory=definition["memory"],
            requiresCompatibilities=definition["requiresCompatibilities"],
            containerDefinitions=[broken_container],
        )["taskDefinition"]["taskDefinitionArn"]
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=broken)
        return str(broken)

    def await_steady(self) -> None:
        """Wait until one deployment is left, and it is complete."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            deployments = self.service()["deployments"]
            # While another one becomes the primary, there may be none.
            primary = [each for each in deployments if each["status"] == "PRIMARY"]
            if any(each["rolloutState"] == "COMPLETED" for each in primary) and not any(
                each["runningCount"] for each in deployments if each not in primary
            ):
                return
            assert time.monotonic() < deadline, deployments
            time.sleep(POLL_SECONDS)


@dataclass(slots=True)
class Requests:
    """Requests one after the other, each over a connection of its own; `failures` of them."""

    url: str
    token: str
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
            f"{self.url}/v1/me", headers={"Authorization": f"Bearer {self.token}"}
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

    `seen` are the jobs that each has seen.
    """

    def __init__(self, url: str, token: str, count: int) -> None:
        self._url = f"{url.replace('http://', 'ws://')}/v1/ws"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._count = count
        self.open = self.reconnected = 0
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
            assert time.monotonic() < deadline, (self.open, self.reconnected, self.seen)
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
                        self.reconnected += 1
            await asyncio.sleep(RECONNECT_SECONDS)
