"""Gap (1.5.33, upstream): there is no GuardDuty; its malware protection of buckets.

Each object that is created below a plan's prefix is scanned with the rights of the plan's role,
tagged, and announced on the default bus. Malware is what contains the EICAR test string.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import eventbridge, s3

from local.emulator.cloudformation.handlers import Created, Properties
from local.emulator.patching import patch
from local.emulator.permissions import requests, roles
from local.emulator.time_scale import scaled
from runtime.core.clock import SystemClock
from runtime.core.contract import SCAN_EVENT, SCAN_SOURCE, SCAN_TAG

SERVICE = "malware-protection-plan.guardduty.amazonaws.com"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
VALIDATION_OBJECT = "malware-protection-resource-validation-object"
CREATED = "s3:ObjectCreated:"
SCAN_SECONDS = 30.0
"""AWS names no time; a large object takes minutes."""

NO_THREATS, THREATS, DENIED = "NO_THREATS_FOUND", "THREATS_FOUND", "ACCESS_DENIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A bucket's protection below some prefixes, by a role."""

    arn: str
    bucket: str
    prefixes: tuple[str, ...]
    role: str
    tags: bool

    def covers(self, bucket: str, key: str) -> bool:
        """Return whether the plan protects an object."""
        return bucket == self.bucket and key.startswith(self.prefixes or "")


plans: Any = AccountRegionScopedDict()
"""Plans by id."""


def create_plan(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Protect a bucket, if GuardDuty may use the role and the role suffices, as on AWS."""
    protected = properties["ProtectedResource"]["S3Bucket"]
    identifier = uuid.uuid4().hex[:20]
    arn = requests.arn("guardduty", f"malware-protection-plan/{identifier}")
    tagging = ((properties.get("Actions") or {}).get("Tagging") or {}).get("Status")
    plan = Plan(
        arn=arn,
        bucket=protected["BucketName"],
        prefixes=tuple(protected.get("ObjectPrefixes") or ()),
        role=properties["Role"],
        tags=tagging == "ENABLED",
    )
    if plan.bucket not in s3._buckets:
        raise ValueError(f"The request was rejected: there is no bucket {plan.bucket}.")
    if not roles.is_trusting(plan.role, SERVICE, arn):
        raise ValueError(f"The request was rejected: {plan.role} does not trust {SERVICE}.")
    bucket = f"arn:aws:s3:::{plan.bucket}"
    for action, resource in (
        ("s3:ListBucket", bucket),
        ("s3:PutBucketNotification", bucket),
        ("s3:PutObject", f"{bucket}/{VALIDATION_OBJECT}"),
    ):
        if not roles.may(plan.role, action, resource):
            raise ValueError(f"The request was rejected: the role lacks {action} on {resource}.")
    plans[identifier] = plan
    return identifier, {
        "MalwareProtectionPlanId": identifier,
        "Arn": arn,
        "Status": "ACTIVE",
    }


def delete_plan(physical_id: str, _properties: Properties) -> None:
    """End a protection."""
    plans.pop(physical_id, None)


def result_of(plan: Plan, key: str, content: bytes) -> str:
    """Return the result of a scan."""
    resource = f"arn:aws:s3:::{plan.bucket}/{key}"
    if not all(
        roles.may(plan.role, action, resource) for action in ("s3:GetObject", "s3:GetObjectVersion")
    ):
        return DENIED
    return THREATS if EICAR in content else NO_THREATS


def scan(plan: Plan, key: str, version: str | None, etag: str) -> None:
    """Scan an object, tag it, and announce the result."""
    content = s3._get_object_data(plan.bucket, key, version)
    if content is None:
        return
    result = result_of(plan, key, content)
    resource = f"arn:aws:s3:::{plan.bucket}/{key}"
    if plan.tags and roles.may(plan.role, "s3:PutObjectTagging", resource):
        identity = (plan.bucket, key, version)
        s3._object_tags[identity] = {**s3._object_tags.get(identity, {}), SCAN_TAG: result}
    eventbridge._put_events({"Entries": [_event(plan, key, version, etag, result)]}, True)


def _event(plan: Plan, key: str, version: str | None, etag: str, result: str) -> Mapping[str, Any]:
    return {
        "Source": SCAN_SOURCE,
        "DetailType": SCAN_EVENT,
        "Resources": [plan.arn],
        "Detail": json.dumps(
            {
                "schemaVersion": "1.0",
                "scanStatus": "SKIPPED" if result == DENIED else "COMPLETED",
                "resourceType": "S3_OBJECT",
                "s3ObjectDetails": {
                    "bucketName": plan.bucket,
                    "objectKey": key,
                    "eTag": etag,
                    "versionId": version,
                    "s3Throttled": False,
                },
                "scanResultDetails": {
                    "scanResultStatus": result,
                    "threats": [{"name": "EICAR-Test-File"}] if result == THREATS else None,
                },
            }
        ),
    }


@patch(s3, "_fire_s3_event")
def fire(original: Any, bucket: str, key: str, event: str, *rest: Any, **more: Any) -> None:
    """Scan what is created, on the thread that announces it."""
    original(bucket, key, event, *rest, **more)
    if not event.startswith(CREATED):
        return
    etag = str(rest[1] if len(rest) > 1 else more.get("etag", "")).strip('"')
    for plan in list(plans.values()):
        if plan.covers(bucket, key):
            SystemClock().sleep(scaled(SCAN_SECONDS))
            scan(plan, key, more.get("version_id"), etag)
