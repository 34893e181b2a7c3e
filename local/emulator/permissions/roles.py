"""Gap (1.5.33, upstream): permissions are enforced for requests over HTTP only.

These functions ask ministack's evaluator what a role may do, who may assume it, and what a
resource's own policy admits.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sts

from local.emulator.permissions import requests
from runtime.core.clock import SystemClock

Context = Mapping[str, Any]
Policy = str | Mapping[str, Any] | None

ALLOW = "Allow"
SESSION_SECONDS = 3600

_log = logging.getLogger("lifestream.permissions")


class NotAllowedError(Exception):
    """A role may not do what a service would have done in its name."""


def may(role_arn: str, action: str, resource: str, context: Context | None = None) -> bool:
    """Return whether a role may do something, by its own policies and the resource's."""
    account, name = role_arn.split(":")[4], name_of(role_arn)
    asked = _asked(f"arn:aws:sts::{account}:assumed-role/{name}/service", action, resource, context)
    decision = iam_evaluator.evaluate(asked, iam_evaluator._gather_role_policies(name, account))
    service = action.partition(":")[0]
    found = iam_evaluator._resource_policy(service, resource)
    if found is not None:
        decision = iam_evaluator.combine_resource_policy(
            decision, asked, *found, required=service in iam_evaluator._POLICY_REQUIRED
        )
    if decision.decision != ALLOW:
        _log.warning("%s may not %s on %s", role_arn, action, resource)
    return bool(decision.decision == ALLOW)


def require(role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
    """Raise `NotAllowedError` unless a role may do something."""
    if not may(role_arn, action, resource, context):
        raise NotAllowedError(
            f"User: {role_arn} is not authorized to perform: {action} on resource: {resource}"
        )


def lets_in(policy: Policy, service: str, action: str, resource: str, source_arn: str) -> bool:
    """Return whether a resource's policy lets a service act on behalf of one of our resources."""
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": get_account_id()}
    # The service belongs to no account: no grant to the account may let it in.
    asked = _asked("*", action, resource, context, kind="Service", account="")
    found = iam_evaluator.evaluate_resource_policy(policy, asked, service=service)
    return bool(found.decision == ALLOW)


def is_trusting(role_arn: str, service: str, source_arn: str) -> bool:
    """Return whether a role lets a service take it on, for one of our resources."""
    role = iam._roles.get_scoped(role_arn.split(":")[4], None, name_of(role_arn))
    return role is not None and lets_in(
        role["AssumeRolePolicyDocument"], service, "sts:AssumeRole", role_arn, source_arn
    )


def session(role_arn: str, name: str) -> dict[str, str]:
    """Return new temporary credentials of a role, as a container is given them."""
    account, role = role_arn.split(":")[4], name_of(role_arn)
    key, secret = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20)
    token, expiry = secrets.token_hex(32), SystemClock().now() + SESSION_SECONDS
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            "UserId": f"{role}:{name}",
            "AccountId": account,
            "PrincipalType": "AssumedRole",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expiry,
        },
    )
    return {
        "RoleArn": role_arn,
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiry)),
    }


def caller_role() -> str | None:
    """Return the role in whose name this request was made, None for the administrator."""
    arn: str = iam_evaluator.caller_arn()
    if ":assumed-role/" not in arn:
        return None
    account, name = arn.split(":")[4], arn.split("/")[1]
    role = iam._roles.get_scoped(account, None, name)
    return None if role is None else str(role["Arn"])


def name_of(role_arn: str) -> str:
    """Return a role's name."""
    return role_arn.rsplit("/", 1)[-1]


def _asked(
    principal: str,
    action: str,
    resource: str,
    context: Context | None,
    *,
    kind: str = "AssumedRole",
    account: str | None = None,
) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type=kind,
        principal_account=get_account_id() if account is None else account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        # Services speak TLS among themselves.
        secure_transport=True,
        service_context={
            key.lower(): value for key, value in requests.supported(action, context or {}).items()
        },
    )
