"""Gap (1.5.33, upstream): tasks have no agent; sets `$ECS_AGENT_URI` and answers there.

Faults of the agent are injected at `/_local/agent-faults`: `PUT` a fault (see
`agent_faults.Fault`), `GET` the present ones, `DELETE` them all.
Upstream without the faults.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import ecs, ecs_metadata

from local.emulator import asgi
from local.emulator.ecs.protection import Protections, get_protection, update_protection
from local.emulator.ecs.records import SERVICE_GROUP, definition_of_task, is_service_task
from local.emulator.patching import around
from runtime.protection.testing import agent
from runtime.protection.testing.agent import AgentTask, Answer, Ecs, EcsError
from runtime.protection.testing.faults import NO_FAULT, AgentFaults, fault_from

FAULTS_PATH = re.compile(r"/_local/agent-faults")
AGENT_PATH = re.compile(r"/api/[^/]+/task-protection/v1/state")
SILENT_SECONDS = 60.0
METADATA_PREFIX = "/v4/"
AGENT_PREFIX = "/api/"

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class TaskAgent:
    """The agent of every task, and its faults."""

    protections: Protections
    faults: AgentFaults

    async def state(self, request: asgi.Request) -> asgi.Response:
        """Answer one call of a task's protection endpoint."""
        if request.method not in {"GET", "PUT"}:
            return asgi.Response(HTTPStatus.METHOD_NOT_ALLOWED, b"", "text/plain")
        arn = ecs_metadata._TOKEN_TO_TASK.get(request.path.split("/")[2])
        fault = self.faults.take(arn) if arn else NO_FAULT
        if not fault.silent or fault.lands:
            status, body = await asyncio.to_thread(
                self._answer,
                arn,
                lambda t, e: agent.answer(request.method, request.body, t, e, fault),
            )
        if fault.silent:
            await asyncio.sleep(SILENT_SECONDS)
            return asgi.Response(HTTPStatus.SERVICE_UNAVAILABLE, b"", "text/plain")
        await asyncio.sleep(min(fault.latency_seconds, agent.ECS_TIMEOUT_SECONDS))
        return asgi.Response.of(status, body)

    async def switch(self, request: asgi.Request) -> asgi.Response:
        """Add a fault, remove all, or return the present ones."""
        if request.method == "PUT":
            try:
                self.faults.switch_on(fault_from(json.loads(request.body)))
            except ValueError as wrong:
                return asgi.Response.of(HTTPStatus.BAD_REQUEST, {"message": str(wrong)})
        elif request.method == "DELETE":
            self.faults.clear()
        return asgi.Response.of(HTTPStatus.OK, {"faults": self.faults.describe()})

    def _answer(
        self, arn: str | None, answered: Callable[[AgentTask | None, Ecs], Answer]
    ) -> Answer:
        if arn is None:
            return answered(None, Ecs(_unreachable, _unreachable))
        about = parse_arn(arn)
        with request_scope(about.account_id, about.region):
            return answered(agent_task(arn), self._ecs(arn))

    def _ecs(self, arn: str) -> Ecs:
        cluster = arn.rsplit("/", 2)[-2]

        def get(task: str) -> dict[str, Any]:
            return content_of(
                get_protection({"cluster": cluster, "tasks": [task]}, self.protections)
            )

        def update(task: str, enabled: bool, minutes: int | None) -> dict[str, Any]:  # noqa: FBT001 - the agent's own order
            request: dict[str, Any] = {
                "cluster": cluster,
                "tasks": [task],
                "protectionEnabled": enabled,
            }
            if minutes is not None:
                request["expiresInMinutes"] = minutes
            return content_of(update_protection(request, self.protections))

        return Ecs(get, update)


def content_of(response: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    """Return the body of ECS's answer; raise `EcsError` for an error."""
    status, _, body = response
    content: dict[str, Any] = json.loads(body)
    if status != HTTPStatus.OK:
        raise EcsError(status, content["__type"], content["message"])
    return content


def agent_task(arn: str) -> AgentTask:
    """Return what the agent knows of a task of the current account and region."""
    return AgentTask(arn, has_role=bool(definition_of_task(ecs._tasks[arn]).get("taskRoleArn")))


def _unreachable(*_: Any) -> dict[str, Any]:
    raise AssertionError


def install(protections: Protections) -> TaskAgent:
    """Give every container its agent's address, and its metadata the service's name."""

    @around(ecs, "_register_metadata")
    def register_metadata(
        original: Any, arn: str, cluster: str, td: Any, cdef: Any, launch: Any, *rest: Any
    ) -> str:
        token: str = original(arn, cluster, td, cdef, launch, *rest)
        env: Environment = rest[0]
        metadata = env["ECS_CONTAINER_METADATA_URI_V4"]
        env["ECS_AGENT_URI"] = metadata.replace(METADATA_PREFIX, AGENT_PREFIX)
        task = ecs._tasks[arn]
        if is_service_task(task):
            ecs_metadata._TASKS[arn]["ServiceName"] = task["group"].removeprefix(SERVICE_GROUP)
        return token

    return TaskAgent(protections, AgentFaults())
