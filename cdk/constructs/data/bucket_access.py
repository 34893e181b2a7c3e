"""Denials of a bucket's policy: objects are used from one organization, or through endpoints."""

from collections.abc import Iterable, Sequence

from aws_cdk import Tags
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from cdk.config.access import AccessConfig

EXEMPT_TAG = "ReachesMedia"
"""Tag of the roles of functions, which run outside of the VPC."""

EXEMPT = "from-anywhere"

_READ_AND_WRITE = (
    *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
    *("s3:DeleteObject", "s3:DeleteObjectVersion"),
)
_NO_SERVICE = {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}
"""S3's own deliveries, and services that act for a caller, come from no endpoint."""


def limits(
    access: AccessConfig, bucket_arn: str, own_endpoints: Sequence[str]
) -> Iterable[iam.PolicyStatement]:
    """Yield the denials that a table [access] asks for; none concerns the bucket's settings."""
    objects = f"{bucket_arn}/*"
    if access.organization is not None:
        yield _deny(
            "OtherOrganizations",
            [*_READ_AND_WRITE, "s3:ListBucket"],
            [objects, bucket_arn],
            {"aws:PrincipalOrgID": access.organization},
        )
    if access.vpc_endpoints is not None:
        yield _deny(
            "OtherNetworks",
            list(_READ_AND_WRITE),
            [objects],
            {
                "aws:SourceVpce": [*own_endpoints, *access.vpc_endpoints],
                f"aws:PrincipalTag/{EXEMPT_TAG}": EXEMPT,
            },
        )


def exempt(role: IConstruct) -> None:
    """Let a role use objects from outside of the endpoints."""
    Tags.of(role).add(EXEMPT_TAG, EXEMPT)


def _deny(
    sid: str, actions: list[str], resources: list[str], unless: dict[str, object]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=actions,
        resources=resources,
        # A key that a request lacks counts as different.
        conditions={"StringNotEquals": unless, "BoolIfExists": _NO_SERVICE},
    )
