"""What S3 does with objects that KMS encrypts."""

import io
import uuid

import pytest
from boto3.s3.transfer import TransferConfig

from local.cloud import LocalCloud

pytestmark = pytest.mark.cloud

MIB = 1024 * 1024
IN_PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)


@pytest.fixture
def bucket(cloud: LocalCloud) -> str:
    name = f"any-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=name)
    return name


def encrypt_by_default(cloud: LocalCloud, bucket: str, algorithm: str) -> None:
    default = {"SSEAlgorithm": algorithm}
    if algorithm == "aws:kms":
        default["KMSMasterKeyID"] = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.client("s3").put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )


@pytest.mark.parametrize(("algorithm", "different"), [("AES256", 1), ("aws:kms", 2)])
def test_should_have_an_etag_of_the_bytes_only_without_kms(
    cloud: LocalCloud, bucket: str, algorithm: str, different: int
) -> None:
    encrypt_by_default(cloud, bucket, algorithm)
    s3 = cloud.client("s3")
    etags = [s3.put_object(Bucket=bucket, Key="any", Body=b"same")["ETag"] for _ in range(2)]
    assert len(set(etags)) == different
    assert s3.head_object(Bucket=bucket, Key="any")["ETag"] == etags[-1]


@pytest.mark.parametrize(("algorithm", "different"), [("AES256", 1), ("aws:kms", 2)])
def test_should_have_an_etag_of_the_parts_only_without_kms(
    cloud: LocalCloud, bucket: str, algorithm: str, different: int
) -> None:
    encrypt_by_default(cloud, bucket, algorithm)
    s3 = cloud.client("s3")
    etags = set()
    for _ in range(2):
        body = io.BytesIO(bytes(6 * MIB))
        s3.upload_fileobj(body, bucket, "any", Config=IN_PARTS)
        etags.add(s3.head_object(Bucket=bucket, Key="any")["ETag"])
    assert len(etags) == different
    assert all(etag.endswith('-2"') for etag in etags)
