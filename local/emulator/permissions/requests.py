"""Gap (1.5.33, upstream): calls of ECS and rules of events are judged by a wrong resource.

Resources and `ecs:cluster` are those of AWS's service authorization reference.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region

from cdk.policies.reference import shipped_reference
from local.emulator.patching import around

TASK_ACTIONS = (
    *("StopTask", "DescribeTasks", "ExecuteCommand"),
    *("UpdateTaskProtection", "GetTaskProtection"),
)
WITHOUT_RESOURCE = ("ListTasks", "ListServices", "ListClusters", "DescribeTaskDefinition")
DEFAULT_CLUSTER = "default"

Body = Mapping[str, Any]


def install() -> None:
    """Judge ECS's requests by what they are about."""

    @around(iam_actions, "extract_resource_arn")
    def resource_of(original: Any, service: str, *request: Any, **more: Any) -> Any:
        if service not in {"ecs", "events"}:
            return original(service, *request, **more)
        _method, _path, headers, body, *_ = request
        if service == "events":
            return rule_arn(str(original(service, *request, **more)), read(body))
        action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        found = resource(action, read(body))
        return original(service, *request, **more) if found is None else found

    @around(iam_actions, "request_tag_context")
    def context_of(original: Any, service: str, action: str, body: bytes, *rest: Any) -> Any:
        context = original(service, action, body, *rest)
        if service == "ecs" and (arn := cluster_arn(read(body))):
            return supported(action, {**context, "ecs:cluster": arn})
        return context


def supported(action: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return a context without the keys of its service that an action does not have.

    A condition on such a key is never met. Keys of actions that are not in the shipped reference
    remain.
    """
    reference, service = shipped_reference(), action.partition(":")[0].lower()
    named = reference.matching(action)
    known = {base(key) for name in named for key in reference.condition_keys(name)}
    return {
        key: value
        for key, value in context.items()
        if not named or not key.lower().startswith(f"{service}:") or base(key) in known
    }


def base(key: str) -> str:
    """Return a condition key in lower case, without a tag's name."""
    return key.partition("/")[0].lower()


def resource(action: str, body: Body) -> str | None:  # noqa: PLR0911 - one for each form
    """Return the ARN that an action of ECS is judged by; None leaves it to ministack."""
    if action in WITHOUT_RESOURCE:
        return "*"
    if action == "RunTask":
        reference = str(body.get("taskDefinition", ""))
        return reference if reference.startswith("arn:") else _arn(f"task-definition/{reference}")
    if action in ("TagResource", "UntagResource", "ListTagsForResource"):
        return str(body.get("resourceArn", "*"))
    if action == "DescribeClusters":
        clusters = body.get("clusters") or [DEFAULT_CLUSTER]
        return cluster_arn({"cluster": clusters[0]})
    if action == "DescribeServices":
        service = str((body.get("services") or [""])[0])
        cluster = str(body.get("cluster") or DEFAULT_CLUSTER).rsplit("/", 1)[-1]
        return service if service.startswith("arn:") else _arn(f"service/{cluster}/{service}")
    if action in TASK_ACTIONS:
        tasks = body.get("tasks") or [body.get("task", "")]
        return task_arn(str(tasks[0]), str(body.get("cluster") or DEFAULT_CLUSTER))
    return None


def rule_arn(found: str, body: Body) -> str:
    """Return the ARN that a call on a rule is judged by; `found` is ministack's.

    Rules of the default bus do not have its name in their ARN, and some calls name one by `Rule`.
    """
    if found == "*" and "Rule" in body:
        return _arn(f"rule/{body['Rule']}", service="events")
    return found.replace(":rule/default/", ":rule/")


def cluster_arn(body: Body) -> str | None:
    """Return the ARN of the cluster that a request names, if it names one."""
    name = body.get("cluster")
    if not name:
        return None
    return str(name) if str(name).startswith("arn:") else _arn(f"cluster/{name}")


def task_arn(reference: str, cluster: str) -> str:
    """Return a task's ARN by its id or ARN and its cluster's name or ARN."""
    if reference.startswith("arn:"):
        return reference
    return _arn(f"task/{cluster.rsplit('/', 1)[-1]}/{reference}")


def read(body: bytes) -> Body:
    """Return a request's JSON, empty when it is none."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _arn(rest: str, *, service: str = "ecs") -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{rest}"
