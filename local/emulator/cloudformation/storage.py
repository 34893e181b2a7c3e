"""Gap (1.5.33, upstream): CloudFormation drops settings of buckets and tables.

That is: lifecycle, encryption and logging of buckets; TTL, recovery, key and protection of tables;
the key of topics.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from ministack.services import dynamodb, s3, sns

from local.emulator.cloudformation.handlers import Properties, is_true, require


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
        specification = {
            "Enabled": is_true(time_to_live.get("Enabled", True)),
            "AttributeName": attribute,
        }
        request = {"TableName": name, "TimeToLiveSpecification": specification}
        require(dynamodb._update_ttl(request), "time to live")
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    if is_true(recovery.get("PointInTimeRecoveryEnabled")):
        request = {
            "TableName": name,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }
        require(dynamodb._update_continuous_backups(request), "point-in-time recovery")
    if encryption := properties.get("SSESpecification"):
        specification = {"Enabled": is_true(encryption.get("SSEEnabled"))}
        specification |= {k: v for k, v in encryption.items() if k != "SSEEnabled"}
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(
            specification
        )
    # A template that leaves it out does not change what was set since.
    if (protection := properties.get("DeletionProtectionEnabled")) is not None:
        dynamodb._tables[name]["DeletionProtectionEnabled"] = is_true(protection)


def configure_topic(arn: str, properties: Properties) -> None:
    """Set the topic's key."""
    if key := properties.get("KmsMasterKeyId"):
        sns._topics[arn]["attributes"]["KmsMasterKeyId"] = key


def lifecycle_xml(rules: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a template's lifecycle rules as PutBucketLifecycleConfiguration takes them."""
    root = ET.Element("LifecycleConfiguration")
    for number, rule in enumerate(rules):
        element = ET.SubElement(root, "Rule")
        _text(element, "ID", rule.get("Id", f"rule-{number}"))
        _text(element, "Status", rule["Status"])
        _text(ET.SubElement(element, "Filter"), "Prefix", rule.get("Prefix", ""))
        if days := rule.get("ExpirationInDays"):
            _text(ET.SubElement(element, "Expiration"), "Days", days)
        for transition in rule.get("Transitions", []):
            moved = ET.SubElement(element, "Transition")
            _text(moved, "Days", transition["TransitionInDays"])
            _text(moved, "StorageClass", transition["StorageClass"])
        if old := rule.get("NoncurrentVersionExpiration"):
            expiration = ET.SubElement(element, "NoncurrentVersionExpiration")
            _text(expiration, "NoncurrentDays", old["NoncurrentDays"])
        if abort := rule.get("AbortIncompleteMultipartUpload"):
            aborted = ET.SubElement(element, "AbortIncompleteMultipartUpload")
            _text(aborted, "DaysAfterInitiation", abort["DaysAfterInitiation"])
    return ET.tostring(root)


def encryption_xml(rules: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a template's default encryption as PutBucketEncryption takes it."""
    root = ET.Element("ServerSideEncryptionConfiguration")
    for rule in rules:
        element = ET.SubElement(root, "Rule")
        by_default = ET.SubElement(element, "ApplyServerSideEncryptionByDefault")
        default = rule["ServerSideEncryptionByDefault"]
        _text(by_default, "SSEAlgorithm", default["SSEAlgorithm"])
        if key := default.get("KMSMasterKeyID"):
            _text(by_default, "KMSMasterKeyID", key)
        if "BucketKeyEnabled" in rule:
            _text(element, "BucketKeyEnabled", str(is_true(rule["BucketKeyEnabled"])).lower())
    return ET.tostring(root)


def logging_xml(bucket: str, logging: Mapping[str, Any]) -> bytes:
    """Return a template's access logging as PutBucketLogging takes it."""
    root = ET.Element("BucketLoggingStatus")
    enabled = ET.SubElement(root, "LoggingEnabled")
    _text(enabled, "TargetBucket", logging.get("DestinationBucketName", bucket))
    _text(enabled, "TargetPrefix", logging.get("LogFilePrefix", ""))
    return ET.tostring(root)


def _text(parent: ET.Element, tag: str, value: object) -> None:
    ET.SubElement(parent, tag).text = str(value)
