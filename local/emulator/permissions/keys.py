"""Gap (1.5.33, upstream): encrypted data is read and written without rights on the key."""

import re
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import cloudwatch, dynamodb, kms, s3, sns, sqs

from local.emulator.patching import patch
from local.emulator.permissions import roles

DECRYPT = "kms:Decrypt"
GENERATE = "kms:GenerateDataKey"

NEEDED: Mapping[str, tuple[str, ...]] = {
    "s3:GetObject": (DECRYPT,),
    # Parts of an upload are read again when it is completed.
    "s3:PutObject": (GENERATE,),
    "sns:Publish": (GENERATE, DECRYPT),
    "sqs:SendMessage": (GENERATE, DECRYPT),
    "sqs:ReceiveMessage": (DECRYPT,),
    "dynamodb:GetItem": (DECRYPT,),
    "dynamodb:PutItem": (DECRYPT,),
    "dynamodb:UpdateItem": (DECRYPT,),
    "dynamodb:Query": (DECRYPT,),
}
"""What a caller must be allowed on the key besides the action itself."""


ALARM_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
MASTER_KEY = "KmsMasterKeyId"
KEY_IN_SETTINGS = re.compile(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>")


@patch(iam_evaluator, "enforce")
def enforce(
    original: Any,
    access_key: str,
    action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Mapping[str, Any] | None = None,
) -> Any:
    """Ask for the rights on the key once the action itself is allowed."""
    denied = original(access_key, action, service, region, resource_arn, service_context)
    asked = denied is None and action in NEEDED and not is_missing(action, resource_arn)
    key = key_of(resource_arn) if asked else None
    if key is None:
        return denied
    context = _context(service, key)
    answers = (original(access_key, each, "kms", region, key, context) for each in NEEDED[action])
    return next((denied for denied in answers if denied is not None), None)


@patch(cloudwatch, "_dispatch_alarm_actions")
def dispatch(original: Any, alarm: Mapping[str, Any], *rest: Any) -> None:
    """Leave out the topics whose key does not let CloudWatch publish."""
    admitted = {
        name: [
            arn
            for arn in alarm.get(name) or ()
            if opens(arn, "cloudwatch.amazonaws.com", alarm["AlarmArn"])
        ]
        for name in ALARM_ACTIONS
    }
    original({**alarm, **admitted}, *rest)


@patch(sqs, "queue_policy_allows")
def allows(original: Any, queue_arn: str, service: str, source_arn: str, account: str) -> bool:
    """Let a service send only if the queue's key lets it, too."""
    return original(queue_arn, service, source_arn, account) and opens(
        queue_arn, service, source_arn
    )


def may(role_arn: str, action: str, resource_arn: str) -> bool:
    """Return whether a role may do something, and all it takes on the key of what it is done to."""
    if not roles.may(role_arn, action, resource_arn):
        return False
    key = key_of(resource_arn)
    service = action.partition(":")[0]
    return key is None or all(
        roles.may(role_arn, needed, key, _context(service, key))
        for needed in NEEDED.get(action, ())
    )


def opens(target_arn: str, service: str, source_arn: str) -> bool:
    """Return whether the policy of a queue's or topic's key, if any, lets a service send to it."""
    key = key_of(target_arn)
    if key is None:
        return True
    policy = kms._resolve_key(key)["Policy"]
    return all(
        roles.lets_in(policy, service, action, key, source_arn)
        for action in NEEDED["sqs:SendMessage"]
    )


def _context(service: str, key: str) -> dict[str, Any]:
    """Return what conditions of a key's use may ask: the service between, and the key's aliases."""
    key_id = key.rpartition("/")[2]
    return {
        "kms:ViaService": f"{service}.{get_region()}.amazonaws.com",
        "kms:ResourceAliases": [
            f"alias/{arn.partition(':alias/')[2]}"
            for arn, target in kms._aliases.items()
            if target == key_id
        ],
    }


def key_of(resource_arn: str) -> str | None:
    """Return the ARN of the customer's key that a bucket, queue or table is encrypted with."""
    service = resource_arn.split(":")[2] if resource_arn.count(":") > 4 else ""  # noqa: PLR2004
    reference: str | None = None
    match service:
        case "s3":
            settings = s3._bucket_encryption.get(_bucket(resource_arn)[0]) or ""
            found = KEY_IN_SETTINGS.search(settings)
            reference = found[1] if found else None
        case "sns" | "sqs":
            holder = sns._topics.get if service == "sns" else sqs._queue_by_arn
            reference = (holder(resource_arn) or {"attributes": {}})["attributes"].get(MASTER_KEY)
        case "dynamodb" if "/" in resource_arn:
            table = dynamodb._tables.get(resource_arn.split("/")[1]) or {}
            reference = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    record = kms._resolve_key(reference) if reference else None
    return None if record is None else str(record["Arn"])


def is_missing(action: str, resource_arn: str) -> bool:
    """Return whether an action reads an object that does not exist, which takes no key."""
    bucket, key = _bucket(resource_arn)
    existing = s3._buckets.get(bucket)
    return action == "s3:GetObject" and existing is not None and key not in existing["objects"]


def _bucket(arn: str) -> tuple[str, str]:
    """Return bucket and key of the ARN of a bucket or an object."""
    bucket, _, key = arn.rsplit(":::", 1)[-1].partition("/")
    return bucket, key
