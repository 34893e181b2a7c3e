"""Gap (1.5.33, upstream): RunTask ignores `clientToken` and accepts calls that ECS refuses."""

import json
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import ec2, ecs

from local.emulator.ecs.records import DEFAULT_CLUSTER, Response, definition_of, named_cluster
from local.emulator.patching import around, register
from runtime.core.clock import MonotonicClock, SystemClock

Request = dict[str, Any]

TOKEN_LIFETIME_SECONDS = 24 * 3600.0
"""How long ECS honours a `clientToken`."""

MAX_OVERRIDE_CHARACTERS = 8192
MAX_STARTED_BY_CHARACTERS = 128
MAX_TOKEN_CHARACTERS = 64


class TokenConflictError(Exception):
    """A token was used again with other parameters."""


@dataclass(frozen=True, slots=True)
class ClientTokens:
    """Remembers what each token started: same token and parameters, same tasks."""

    clock: MonotonicClock
    _seen: dict[tuple[str, ...], tuple[str, float, list[str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def once(
        self, key: tuple[str, ...], parameters: str, start: Callable[[], list[str]]
    ) -> tuple[bool, list[str]]:
        """Return whether `start` was called now, and the task ARNs of the first call.

        An empty list is not remembered: nothing was started. Raises `TokenConflictError`.
        """
        with self._lock:
            known = self._seen.get(key)
            now = self.clock.monotonic()
            if known is not None and now - known[1] < TOKEN_LIFETIME_SECONDS:
                if known[0] != parameters:
                    raise TokenConflictError
                return False, known[2]
            arns = start()
            if arns:
                self._seen[key] = (parameters, now, arns)
            return True, arns


def refusal(
    request: Request,
    *,
    network_mode: str,
    clusters: Collection[str],
    subnets: Collection[str],
    security_groups: Collection[str],
) -> tuple[str, str] | None:
    """Return (error code, message) for a request that ECS would refuse, else None."""
    cluster = named_cluster(request)
    if cluster != DEFAULT_CLUSTER and cluster not in clusters:
        return "ClusterNotFoundException", "Cluster not found."
    message = too_long(request)
    if message is None and network_mode == "awsvpc":
        message = wrong_network(request, subnets, security_groups)
    return None if message is None else ("InvalidParameterException", message)


def too_long(request: Request) -> str | None:
    """Return which part of a request exceeds ECS's limits, else None."""
    for name, limit in (
        ("clientToken", MAX_TOKEN_CHARACTERS),
        ("startedBy", MAX_STARTED_BY_CHARACTERS),
    ):
        if len(request.get(name) or "") > limit:
            return f"{name} is longer than {limit} characters."
    if len(json.dumps(request.get("overrides") or {})) > MAX_OVERRIDE_CHARACTERS:
        return f"Container Overrides length must be at most {MAX_OVERRIDE_CHARACTERS}"
    return None


def wrong_network(
    request: Request, subnets: Collection[str], security_groups: Collection[str]
) -> str | None:
    """Return what is missing of an awsvpc task's network, else None."""
    network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if not network:
        return "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    if not network.get("subnets"):
        return "subnets can not be empty."
    for kind, given, known in (
        ("subnet", network.get("subnets") or [], subnets),
        ("security group", network.get("securityGroups") or [], security_groups),
    ):
        missing = [identifier for identifier in given if identifier not in known]
        if missing:
            return f"Error retrieving {kind} information for {missing}: does not exist."
    return None


def install() -> None:
    """Check RunTask and CreateService, and honour the token of RunTask."""
    tokens = ClientTokens(SystemClock())
    original: Callable[[Request], Response] = ecs._run_task

    @around(ecs, "_create_service")
    def create_service(create: Callable[[Request], Response], request: Request) -> Response:
        refused = _refusal(request)
        return error_response_json(*refused) if refused else create(request)

    # The API calls the function of this table, stacks that of the module.
    register(ecs._ACTION_MAP, [("CreateService", ecs._create_service)], __name__)

    def run_task(request: Request) -> Response:
        if refused := _refusal(request):
            return error_response_json(*refused)
        token = request.get("clientToken")
        return _once(tokens, token, request, original) if token else original(request)

    register(ecs._ACTION_MAP, [("RunTask", run_task)], __name__)


def _refusal(request: Request) -> tuple[str, str] | None:
    return refusal(
        request,
        network_mode=definition_of(request).get("networkMode", ""),
        clusters=ecs._clusters,
        subnets=ec2._subnets,
        security_groups=ec2._security_groups,
    )


def _once(
    tokens: ClientTokens, token: str, request: Request, original: Callable[[Request], Response]
) -> Response:
    answer: list[Response] = []

    def start() -> list[str]:
        answer.append(original(request))
        status, _, body = answer[0]
        return [t["taskArn"] for t in json.loads(body)["tasks"]] if status == HTTPStatus.OK else []

    key = (get_account_id(), get_region(), named_cluster(request), token)
    try:
        started, arns = tokens.once(key, json.dumps(request, sort_keys=True), start)
    except TokenConflictError:
        return error_response_json(
            "ConflictException", "The clientToken was used before with different parameters."
        )
    if started:
        return answer[0]
    tasks = [ecs._sanitize(ecs._tasks[arn]) for arn in arns if arn in ecs._tasks]
    return json_response({"tasks": tasks, "failures": []})
