"""Gap (1.5.33, upstream): CloudFormation drops settings of buckets and tables, deletes any of them.

It drops lifecycle, encryption and logging of buckets; TTL, recovery, key and protection of tables;
the key of topics. It deletes full buckets and protected tables.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.serialize import create_serializer
from botocore.session import Session
from ministack.services import dynamodb, s3, sns

from local.emulator.cloudformation.handlers import Delete, Properties, is_true, require

SAME_IN_TEMPLATES = ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")


def configure_bucket(name: str, properties: Properties) -> None:
    """Put the bucket's lifecycle, default encryption and access logging."""
    if rules := (properties.get("LifecycleConfiguration") or {}).get("Rules"):
        require(s3._put_bucket_lifecycle(name, lifecycle_xml(rules)), "lifecycle")
    encryption = properties.get("BucketEncryption") or {}
    if rules := encryption.get("ServerSideEncryptionConfiguration"):
        require(s3._put_bucket_encryption(name, encryption_xml(rules)), "encryption")
    if logging := properties.get("LoggingConfiguration"):
        require(s3._put_bucket_logging(name, logging_xml(name, logging)), "logging")


def configure_table(name: str, properties: Properties) -> None:
    """Set the table's time to live, point-in-time recovery, key and protection."""
    time_to_live = properties.get("TimeToLiveSpecification") or {}
    if attribute := time_to_live.get("AttributeName"):
        enabled = is_true(time_to_live.get("Enabled", True))
        specification = {"Enabled": enabled, "AttributeName": attribute}
        request = {"TableName": name, "TimeToLiveSpecification": specification}
        require(dynamodb._update_ttl(request), "time to live")
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    if is_true(recovery.get("PointInTimeRecoveryEnabled")):
        specification = {"PointInTimeRecoveryEnabled": True}
        request = {"TableName": name, "PointInTimeRecoverySpecification": specification}
        require(dynamodb._update_continuous_backups(request), "point-in-time recovery")
    table = dynamodb._tables[name]
    if encryption := properties.get("SSESpecification"):
        specification = {"Enabled": is_true(encryption.get("SSEEnabled"))}
        specification |= {k: v for k, v in encryption.items() if k != "SSEEnabled"}
        table["SSEDescription"] = dynamodb._sse_description_from_spec(specification)
    # A template that leaves it out does not change what was set since.
    if (protection := properties.get("DeletionProtectionEnabled")) is not None:
        table["DeletionProtectionEnabled"] = is_true(protection)


def configure_topic(arn: str, properties: Properties) -> None:
    """Set the topic's key."""
    if key := properties.get("KmsMasterKeyId"):
        sns._topics[arn]["attributes"]["KmsMasterKeyId"] = key


def delete_bucket(_original: Delete, name: str, _properties: Properties) -> None:
    """Delete a bucket by S3's own call; raise `ValueError` when it refuses."""
    if name in s3._buckets:
        require(s3._delete_bucket(name), "bucket")


def delete_table(_original: Delete, name: str, _properties: Properties) -> None:
    """Delete a table by DynamoDB's own call; raise `ValueError` when it refuses."""
    if name in dynamodb._tables:
        require(dynamodb._delete_table({"TableName": name}), "table")


def lifecycle_xml(rules: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a template's lifecycle rules as PutBucketLifecycleConfiguration takes them."""
    found = [
        {
            "ID": rule.get("Id", f"rule-{number}"),
            "Status": rule["Status"],
            "Filter": {"Prefix": rule.get("Prefix", "")},
            **({"Expiration": {"Days": days}} if (days := rule.get("ExpirationInDays")) else {}),
            "Transitions": [
                {"Days": each["TransitionInDays"], "StorageClass": each["StorageClass"]}
                for each in rule.get("Transitions", [])
            ],
            **{name: rule[name] for name in SAME_IN_TEMPLATES if rule.get(name)},
        }
        for number, rule in enumerate(rules)
    ]
    return _body("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": found})


def encryption_xml(rules: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a template's default encryption as PutBucketEncryption takes it."""
    found = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            **{name: is_true(rule[name]) for name in ("BucketKeyEnabled",) if name in rule},
        }
        for rule in rules
    ]
    return _body("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": found})


def logging_xml(bucket: str, logging: Mapping[str, Any]) -> bytes:
    """Return a template's access logging as PutBucketLogging takes it."""
    target = logging.get("DestinationBucketName", bucket)
    enabled = {"TargetBucket": target, "TargetPrefix": logging.get("LogFilePrefix", "")}
    return _body("PutBucketLogging", BucketLoggingStatus={"LoggingEnabled": enabled})


def _body(operation: str, **parameters: Any) -> bytes:
    """Return the body of a request as the SDK would send it."""
    request = create_serializer("rest-xml", include_validation=False).serialize_to_request(
        {"Bucket": "any", **parameters}, _model().operation_model(operation)
    )
    body: bytes = request["body"]
    return body


@functools.cache
def _model() -> Any:
    return Session().get_service_model("s3")
