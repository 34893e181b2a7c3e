"""Gap (1.5.33, upstream): a write with `aws:kms` but no key is refused.

S3 then takes the account's own key `aws/s3`.
The CDK command line publishes its assets that way into the bucket it made when bootstrapping.
"""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

from local.emulator.patching import patch

ALGORITHM = "x-amz-server-side-encryption"
KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def with_default_key(headers: Mapping[str, str], *, account: str, region: str) -> dict[str, str]:
    """Return a write's headers, with the AWS managed key where KMS is asked for without one."""
    if headers.get(ALGORITHM) != "aws:kms" or headers.get(KEY):
        return dict(headers)
    return {**headers, KEY: f"arn:aws:kms:{region}:{account}:alias/aws/s3"}


@patch(s3, "_resolve_sse_write_headers")
def resolve(original: Any, headers: Mapping[str, str], bucket: str) -> Any:
    """Complete the headers before ministack checks them."""
    completed = with_default_key(headers, account=get_account_id(), region=get_region())
    return original(completed, bucket)
