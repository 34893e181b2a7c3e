"""What AWS does not know is found, in whatever part of a statement it stands."""

from typing import Any

import pytest

from cdk.policies.check import unknown
from cdk.policies.reference import ServiceReference
from cdk.policies.statements import Templates

TASK = "arn:${Partition}:ecs:${Region}:${Account}:task/${ClusterName}/${TaskId}"
REFERENCE = ServiceReference(
    {
        "source": "any",
        "services": {
            "ecs": {
                "actions": {
                    "StopTask": {"resources": ["task"], "conditions": ["ecs:cluster"]},
                    "SubmitTaskStateChange": {"resources": ["cluster"], "conditions": []},
                    "DiscoverPollEndpoint": {"resources": [], "conditions": []},
                },
                "resources": {
                    "task": {"arn": TASK, "conditions": ["aws:ResourceTag/${TagKey}"]},
                    "cluster": {
                        "arn": "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}",
                        "conditions": [],
                    },
                },
            },
            "s3": {
                "actions": {"GetObject": {"resources": ["object"], "conditions": []}},
                "resources": {
                    "object": {
                        "arn": "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
                        "conditions": [],
                    },
                    "bucket": {"arn": "arn:${Partition}:s3:::${BucketName}", "conditions": []},
                },
            },
            "sts": {
                "actions": {"AssumeRoleWithWebIdentity": {"resources": ["role"], "conditions": []}},
                "resources": {
                    "role": {
                        "arn": "arn:${Partition}:iam::${Account}:role/${Name}",
                        "conditions": [],
                    }
                },
            },
        },
    }
)
CLUSTER = {"Fn::GetAtt": ["Cluster", "Arn"]}
TASKS = {
    "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":ecs:r:1:task/", {"Ref": "C"}, "/*"]]
}
ISSUER = "token.actions.githubusercontent.com"


def problems(kind: str = "AWS::IAM::Policy", **statement: Any) -> list[str]:
    policy = {"Statement": [{"Effect": "Allow", **statement}]}
    template = {
        "Resources": {
            "Policy": {"Type": kind, "Properties": {"PolicyDocument": policy}},
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "C": {"Type": "AWS::ECS::Cluster"},
            "Bucket": {"Type": "AWS::S3::Bucket"},
        }
    }
    return unknown(Templates({"stack": template}, REFERENCE).statements(), REFERENCE)


def test_should_pass_what_aws_knows() -> None:
    condition = {"ArnEquals": {"ecs:cluster": CLUSTER}, "Bool": {"aws:SecureTransport": "true"}}

    assert problems(Action="ecs:StopTask", Resource=TASKS, Condition=condition) == []
    assert problems(Action="ecs:Submit*", Resource=CLUSTER) == []
    assert problems(Action="ecs:DiscoverPollEndpoint", Resource="*") == []


def test_should_find_an_action_that_does_not_exist() -> None:
    (line,) = problems(Action="ecs:HaltTask", Resource=TASKS)

    assert line == "stack/Policy: ecs:HaltTask: not an action of the service reference"


def test_should_find_a_condition_key_that_an_action_does_not_have() -> None:
    condition = {"ArnEquals": {"ecs:cluster": CLUSTER}}

    (line,) = problems(Action="ecs:SubmitTaskStateChange", Resource=CLUSTER, Condition=condition)

    assert line == "stack/Policy: ecs:SubmitTaskStateChange: has no condition key ecs:cluster"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ecs:StopTask", CLUSTER),
        ("ecs:SubmitTaskStateChange", TASKS),
        ("ecs:DiscoverPollEndpoint", CLUSTER),
        ("s3:GetObject", {"Fn::GetAtt": ["Bucket", "Arn"]}),
    ],
)
def test_should_find_a_resource_that_an_action_does_not_know(action: str, resource: Any) -> None:
    (line,) = problems(Action=action, Resource=resource)

    assert f"{action}: not possible on arn:" in line


def test_should_find_a_resource_that_no_action_of_a_statement_knows() -> None:
    (line,) = problems(Action="ecs:StopTask", Resource=[TASKS, CLUSTER])

    assert line.endswith("cluster/example: none of the statement's actions knows it")


def test_should_know_the_claims_of_a_trusted_provider_only() -> None:
    trust: dict[str, Any] = {
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}"},
    }

    assert problems(**trust, Condition={"StringEquals": {f"{ISSUER}:sub": "any"}}) == []
    assert problems(**trust, Condition={"StringEquals": {f"{ISSUER}:actor": "any"}})
    assert problems(**trust, Condition={"StringEquals": {"other.example:sub": "any"}})


def test_should_look_at_permissions_of_functions() -> None:
    template = {
        "Resources": {
            "P": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:Invoke"}}
        }
    }

    (line,) = unknown(Templates({"stack": template}, REFERENCE).statements(), REFERENCE)

    assert "lambda:Invoke" in line
