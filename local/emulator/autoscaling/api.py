"""Gap (1.5.33, upstream): no Application Auto Scaling; its calls for services of ECS.

Target tracking policies are stored, but do nothing. Scheduled actions are refused.
Upstream with target tracking.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import ecs

from local.emulator.autoscaling.scalable_targets import (
    Capacity,
    NoSuchObjectError,
    Record,
    ScalableTargets,
    policy_identity,
)
from local.emulator.patching import register
from runtime.core.clock import MonotonicClock, SystemClock

NAME = "application-autoscaling"
TARGET_PREFIX = "AnyScaleFrontendService"


@dataclass(frozen=True, slots=True)
class AutoScaling:
    """Application Auto Scaling of every account and region."""

    clock: MonotonicClock
    _scopes: dict[tuple[str, str], ScalableTargets] = field(default_factory=dict)

    def current(self) -> ScalableTargets:
        """Return the targets of the current account and region."""
        account, region = get_account_id(), get_region()
        return self._scopes.setdefault(
            (account, region),
            ScalableTargets(SERVICES, self.clock, f"{region}:{account}"),
        )

    async def handle(
        self, _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: Any
    ) -> Any:
        """Answer one call."""
        call = CALLS.get(headers.get("x-amz-target", "").rsplit(".", 1)[-1])
        if call is None:
            return error_response_json("ValidationException", "This call is not supported here.")
        request = json.loads(body or b"{}")
        try:
            return json_response(await asyncio.to_thread(call, self.current(), request))
        except NoSuchObjectError as missing:
            return error_response_json("ObjectNotFoundException", str(missing))
        except KeyError as missing:
            return error_response_json("ValidationException", f"{missing} is required.")


def service_of(resource_id: str) -> Record | None:
    """Return the service that `service/CLUSTER/NAME` names."""
    _, cluster, name = resource_id.split("/")
    found: Record | None = ecs._services.get(f"{cluster}/{name}")
    return found if found and found["status"] == "ACTIVE" else None


def desired_count(resource_id: str) -> int | None:
    """Return how many tasks a service wants, None without one."""
    service = service_of(resource_id)
    return None if service is None else int(service["desiredCount"])


def set_desired_count(resource_id: str, count: int) -> None:
    """Change how many tasks a service wants."""
    _, cluster, name = resource_id.split("/")
    ecs._update_service({"cluster": cluster, "service": name, "desiredCount": count})


SERVICES = Capacity(desired_count, set_desired_count)


def _register(targets: ScalableTargets, request: Record) -> Record:
    return {"ScalableTargetARN": targets.register(request)["ScalableTargetARN"]}


def _deregister(targets: ScalableTargets, request: Record) -> Record:
    targets.deregister(request)
    return {}


def _put_policy(targets: ScalableTargets, request: Record) -> Record:
    return {"PolicyARN": targets.put_policy(request)["PolicyARN"], "Alarms": []}


def _delete_policy(targets: ScalableTargets, request: Record) -> Record:
    targets.delete_policy(targets.find_policy(request) or str(policy_identity(request)))
    return {}


def _describe_targets(targets: ScalableTargets, request: Record) -> Record:
    ids = request.get("ResourceIds")
    found = [t for t in targets.targets.values() if not ids or t["ResourceId"] in ids]
    return {"ScalableTargets": found}


def _describe_policies(targets: ScalableTargets, request: Record) -> Record:
    resource = request.get("ResourceId")
    found = [p for p in targets.policies.values() if resource in {None, p["ResourceId"]}]
    return {"ScalingPolicies": found}


CALLS: dict[str, Callable[[ScalableTargets, Record], Record]] = {
    "RegisterScalableTarget": _register,
    "DeregisterScalableTarget": _deregister,
    "PutScalingPolicy": _put_policy,
    "DeleteScalingPolicy": _delete_policy,
    "DescribeScalableTargets": _describe_targets,
    "DescribeScalingPolicies": _describe_policies,
}


def install() -> AutoScaling:
    """Add the service to ministack's."""
    scaling = AutoScaling(SystemClock())
    register(app.SERVICE_HANDLERS, [(NAME, scaling.handle)], __name__)
    router.SERVICE_PATTERNS[NAME] = {
        "target_prefixes": [TARGET_PREFIX],
        "host_patterns": [r"application-autoscaling\."],
    }
    return scaling
