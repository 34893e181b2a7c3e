"""Gap (1.5.33, upstream): calls of ECS and rules of events are judged by a wrong resource.

Resources and `ecs:cluster` are those of AWS's service authorization reference.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region

from cdk.policies.reference import shipped_reference
from local.emulator.ecs.records import DEFAULT_CLUSTER
from local.emulator.patching import patch

TASK_ACTIONS = (
    *("StopTask", "DescribeTasks", "ExecuteCommand"),
    *("UpdateTaskProtection", "GetTaskProtection"),
)
WITHOUT_RESOURCE = ("ListTasks", "ListServices", "ListClusters", "DescribeTaskDefinition")

Body = Mapping[str, Any]


@patch(iam_actions, "extract_resource_arn")
def resource_of(original: Any, service: str, *request: Any, **more: Any) -> Any:
    """Judge requests of ECS, and those on rules, by what they are about."""
    found = original(service, *request, **more)
    _method, _path, headers, body, *_ = request
    if service == "events":
        return rule_arn(str(found), read(body))
    if service != "ecs":
        return found
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    return resource(action, read(body)) or found


@patch(iam_actions, "request_tag_context")
def context_of(original: Any, service: str, action: str, body: bytes, *rest: Any) -> Any:
    """Have conditions on the cluster that a request names."""
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


def resource(action: str, body: Body) -> str | None:
    """Return the ARN that an action of ECS is judged by; None leaves it to ministack."""
    cluster = str(body.get("cluster") or DEFAULT_CLUSTER)
    match action:
        case "RunTask":
            return _named("task-definition/", str(body.get("taskDefinition", "")))
        case "TagResource" | "UntagResource" | "ListTagsForResource":
            return str(body.get("resourceArn", "*"))
        case "DescribeClusters":
            return _named("cluster/", str((body.get("clusters") or [DEFAULT_CLUSTER])[0]))
        case "DescribeServices":
            service = str((body.get("services") or [""])[0])
            return _named(f"service/{name_of(cluster)}/", service)
        case _ if action in TASK_ACTIONS:
            return task_arn(str((body.get("tasks") or [body.get("task", "")])[0]), cluster)
    return "*" if action in WITHOUT_RESOURCE else None


def rule_arn(found: str, body: Body) -> str:
    """Return the ARN that a call on a rule is judged by; `found` is ministack's.

    Rules of the default bus do not have its name in their ARN, and some calls name one by `Rule`.
    """
    if found == "*" and "Rule" in body:
        return arn("events", f"rule/{body['Rule']}")
    return found.replace(":rule/default/", ":rule/")


def cluster_arn(body: Body) -> str | None:
    """Return the ARN of the cluster that a request names, if it names one."""
    name = body.get("cluster")
    return _named("cluster/", str(name)) if name else None


def task_arn(reference: str, cluster: str) -> str:
    """Return a task's ARN by its id or ARN and its cluster's name or ARN."""
    return _named(f"task/{name_of(cluster)}/", reference)


def name_of(reference: str) -> str:
    """Return the name in an ARN, or the name that is given."""
    return reference.rsplit("/", 1)[-1]


def read(body: bytes) -> Body:
    """Return a request's JSON, empty when it is none."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def arn(service: str, rest: str) -> str:
    """Return the ARN of a resource of this account and region."""
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{rest}"


def _named(kind: str, reference: str) -> str:
    return reference if reference.startswith("arn:") else arn("ecs", kind + reference)
