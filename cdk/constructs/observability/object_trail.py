"""CloudTrail's record of each call on the objects of a bucket."""

from aws_cdk import Aws
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.naming import local_arn

_PREFIX = "trail"


def object_trail(
    scope: Construct, construct_id: str, *, name: str, media_arn: str, logs: s3.Bucket
) -> cloudtrail.CfnTrail:
    """Return a new trail, which writes beside the access logs; their lifetime is its own."""
    trail_arn = local_arn("cloudtrail", f"trail/{name}")
    for actions, resource in (
        ("s3:GetBucketAcl", logs.bucket_arn),
        ("s3:PutObject", logs.arn_for_objects(f"{_PREFIX}/AWSLogs/{Aws.ACCOUNT_ID}/*")),
    ):
        logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                actions=[actions],
                resources=[resource],
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Aws.ACCOUNT_ID,
                        "aws:SourceArn": trail_arn,
                    }
                },
            )
        )
    trail = cloudtrail.CfnTrail(
        scope,
        construct_id,
        trail_name=name,
        is_logging=True,
        s3_bucket_name=logs.bucket_name,
        s3_key_prefix=_PREFIX,
        enable_log_file_validation=True,
        is_multi_region_trail=False,
        include_global_service_events=False,
        event_selectors=[
            cloudtrail.CfnTrail.EventSelectorProperty(
                include_management_events=False,
                read_write_type="All",
                data_resources=[
                    cloudtrail.CfnTrail.DataResourceProperty(
                        type="AWS::S3::Object", values=[f"{media_arn}/"]
                    )
                ],
            )
        ],
    )
    if logs.policy is not None:
        trail.node.add_dependency(logs.policy)
    return trail
