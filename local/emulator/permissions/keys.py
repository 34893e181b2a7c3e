"""Gap (1.5.33, upstream): encrypted data is read and written without rights on the key."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import cloudwatch, dynamodb, kms, s3, sns, sqs

from local.emulator.patching import around
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
KEY_IN_SETTINGS = re.compile(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>")


def install() -> None:
    """Ask for the rights on the key once the action itself is allowed."""
    _guard_requests()
    _guard_services()


def _guard_requests() -> None:
    @around(iam_evaluator, "enforce")
    def enforce(
        original: Any,
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = original(access_key, action, service, region, resource_arn, service_context)
        asked = denied is None and action in NEEDED and not is_missing(action, resource_arn)
        key = key_of(resource_arn) if asked else None
        if key is None:
            return denied
        for needed in NEEDED[action]:
            denied = original(access_key, needed, "kms", region, key, _context(service, key))
            if denied is not None:
                return denied
        return None


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


def _guard_services() -> None:
    @around(cloudwatch, "_dispatch_alarm_actions")
    def dispatch(original: Any, alarm: Mapping[str, Any], *rest: Any) -> None:
        actions = {name: _admitted(alarm, alarm.get(name) or ()) for name in ALARM_ACTIONS}
        original({**alarm, **actions}, *rest)

    @around(sqs, "queue_policy_allows")
    def allows(original: Any, queue_arn: str, service: str, source_arn: str, account: str) -> bool:
        return original(queue_arn, service, source_arn, account) and opens(
            queue_arn, service, source_arn
        )


def _admitted(alarm: Mapping[str, Any], arns: Iterable[str]) -> list[str]:
    """Return an alarm's actions without the topics whose key does not let CloudWatch publish."""
    return [arn for arn in arns if opens(arn, "cloudwatch.amazonaws.com", alarm["AlarmArn"])]


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
    by_service = {"s3": _of_bucket, "sns": _of_topic, "sqs": _of_queue, "dynamodb": _of_table}
    found = by_service.get(service)
    reference = found(resource_arn) if found else None
    record = kms._resolve_key(reference) if reference else None
    return None if record is None else str(record["Arn"])


def is_missing(action: str, resource_arn: str) -> bool:
    """Return whether an action reads an object that does not exist, which takes no key."""
    bucket, _, key = resource_arn.rsplit(":::", 1)[-1].partition("/")
    existing = s3._buckets.get(bucket)
    return action == "s3:GetObject" and existing is not None and key not in existing["objects"]


def _of_bucket(arn: str) -> str | None:
    settings = s3._bucket_encryption.get(arn.rsplit(":::", 1)[-1].partition("/")[0]) or ""
    found = KEY_IN_SETTINGS.search(settings)
    return found[1] if found else None


def _of_queue(arn: str) -> str | None:
    queue = sqs._queue_by_arn(arn)
    return queue["attributes"].get("KmsMasterKeyId") if queue else None


def _of_topic(arn: str) -> str | None:
    topic = sns._topics.get(arn)
    return topic["attributes"].get("KmsMasterKeyId") if topic else None


def _of_table(arn: str) -> str | None:
    table = dynamodb._tables.get(arn.split("/")[1]) if "/" in arn else None
    return ((table or {}).get("SSEDescription") or {}).get("KMSMasterKeyArn")
