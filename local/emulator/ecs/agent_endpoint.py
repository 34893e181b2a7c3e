"""Gap (1.5.33, upstream): tasks have no agent; sets `$ECS_AGENT_URI` and answers there.

Faults of the agent are injected at `/_local/agent-faults`: `PUT` a fault (see
`agent_faults.Fault`), `GET` the present ones, `DELETE` them all.
Upstream without the faults.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import ecs, ecs_metadata
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulator.ecs.protection import Protections, get_protection, update_protection
from local.emulator.ecs.records import SERVICE_GROUP, definition_of_task, is_service_task
from local.emulator.patching import around
from runtime.protection.testing import agent
from runtime.protection.testing.agent import AgentTask, Answer, Ecs, EcsError
from runtime.protection.testing.faults import NO_FAULT, AgentFaults, fault_from

SILENT_SECONDS = 60.0
METADATA_PREFIX = "/v4/"
AGENT_PREFIX = "/api/"

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class TaskAgent:
    """The agent of every task, and its faults."""

    protections: Protections
    faults: AgentFaults

    async def state(self, request: Request) -> Response:
        """Answer one call of a task's protection endpoint."""
        if request.method == "HEAD":  # which Starlette adds to GET
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED)
        arn = ecs_metadata._TOKEN_TO_TASK.get(request.path_params["token"])
        body = await request.body()
        fault = self.faults.take(arn) if arn else NO_FAULT
        if not fault.silent or fault.lands:
            status, answer = await asyncio.to_thread(
                self._answer, arn, lambda t, e: agent.answer(request.method, body, t, e, fault)
            )
        if fault.silent:
            await asyncio.sleep(SILENT_SECONDS)
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        await asyncio.sleep(min(fault.latency_seconds, agent.ECS_TIMEOUT_SECONDS))
        return JSONResponse(answer, status)

    async def switch(self, request: Request) -> Response:
        """Add a fault, remove all, or return the present ones."""
        if request.method == "PUT":
            try:
                self.faults.switch_on(fault_from(await request.json()))
            except ValueError as wrong:
                return JSONResponse({"message": str(wrong)}, HTTPStatus.BAD_REQUEST)
        elif request.method == "DELETE":
            self.faults.clear()
        return JSONResponse({"faults": self.faults.describe()})

    def routes(self) -> tuple[Route, Route]:
        """Return where both are answered."""
        methods = ["GET", "PUT"]
        return (
            Route("/api/{token}/task-protection/v1/state", self.state, methods=methods),
            Route("/_local/agent-faults", self.switch, methods=[*methods, "DELETE"]),
        )

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
            request = {"cluster": cluster, "tasks": [task]}
            return content_of(get_protection(request, self.protections))

        def update(task: str, enabled: bool, minutes: int | None) -> dict[str, Any]:  # noqa: FBT001 - the agent's own order
            request = {"cluster": cluster, "tasks": [task], "protectionEnabled": enabled}
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
