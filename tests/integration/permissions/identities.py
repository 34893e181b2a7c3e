"""Roles made for a test, and clients that act in their name."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import ACCOUNT, REGION, LocalCloud

Statement = dict[str, Any]


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> Statement:
    """Return a statement; `condition` is its operators."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


@contextmanager
def refused(code: str = "AccessDenied") -> Iterator[None]:
    """Expect the block's call to be refused."""
    with pytest.raises(ClientError) as error:
        yield
    assert code in str(error.value)


class Identity:
    """A role that the administrator takes on, with exactly these statements."""

    def __init__(self, cloud: LocalCloud, *statements: Statement) -> None:
        self._cloud = cloud
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        iam, sts = cloud.client("iam"), cloud.client("sts")
        self.arn = iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=trust(AWS=f"arn:aws:iam::{ACCOUNT}:root")
        )["Role"]["Arn"]
        if statements:
            iam.put_role_policy(
                RoleName=self.name, PolicyName="test", PolicyDocument=policy(*statements)
            )
        self._given = sts.assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]

    def client(self, service: str) -> Any:
        """Return a client that may do what the role may."""
        make: Any = boto3.client
        return make(
            service,
            region_name=REGION,
            endpoint_url=self._cloud.endpoint_url,
            verify=self._cloud.aws_environment()["AWS_CA_BUNDLE"],
            aws_access_key_id=self._given["AccessKeyId"],
            aws_secret_access_key=self._given["SecretAccessKey"],
            aws_session_token=self._given["SessionToken"],
        )


def policy(*statements: Statement) -> str:
    """Return a policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**principal: str) -> str:
    """Return who may take a role on."""
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
