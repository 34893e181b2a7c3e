"""Who may become whom on the way to production, and may then do what."""

from pathlib import Path

import pytest

from tests.infra.conftest import ENVIRONMENTS
from tests.infra.promoting import many, of_type, role_id, template, text


def test_should_let_the_steps_become_promoters_and_nothing_else(promotion: Path) -> None:
    stack = template(promotion, "Pipeline")
    (policy,) = (
        p["Properties"]
        for p in of_type(stack, "AWS::IAM::Policy")
        if [text(role) for role in p["Properties"]["Roles"]]
        == [role_id(stack, "lifestream-pipeline-steps")]
    )
    granted = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in many(statement["Action"])
    }
    (assume,) = (
        s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "sts:AssumeRole"
    )

    assert granted == {
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "sts:AssumeRole",
    }
    assert {text(arn).rpartition("/")[2] for arn in assume["Resource"]} == {
        f"lifestream-promoter-{name}" for name in ENVIRONMENTS
    }


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_trust_the_pipelines_steps_and_githubs_environment(
    name: str, promotion: Path
) -> None:
    (role,) = of_type(template(promotion, f"Access-{name}"), "AWS::IAM::Role")
    steps, github = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert text(steps["Principal"]["AWS"]) == "arn:aws:iam::111122223333:root"
    (steps_role,) = steps["Condition"]["ArnEquals"].values()
    assert text(steps_role).endswith(":role/lifestream-pipeline-steps")
    assert github["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": (
                f"repo:example-org/lifestream:environment:{name}"
            ),
        }
    }


def test_should_release_images_from_the_branch_only(promotion: Path) -> None:
    (role,) = of_type(template(promotion, "Github-111122223333"), "AWS::IAM::Role")
    (github,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert github["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert (
        github["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        == "repo:example-org/lifestream:ref:refs/heads/main"
    )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_let_a_promoter_do_exactly_its_work(name: str, promotion: Path) -> None:
    (policy,) = of_type(template(promotion, f"Access-{name}"), "AWS::IAM::Policy")
    where = "eu-west-1:111122223333"
    granted = {
        (text(resource).replace("<AWS::Partition>", "aws"), *sorted(many(statement["Action"])))
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for resource in many(statement["Resource"])
    }
    media = f"arn:aws:s3:::lifestream-media-{name}-<AWS::AccountId>-<AWS::Region>"

    read = (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
    )
    write = (
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    )
    cdk = "arn:aws:iam::111122223333:role/cdk-hnb659fds-{}-role-111122223333-eu-west-1"
    assert granted == {
        (
            *("*", "cloudformation:ListStacks", "ec2:DescribeSecurityGroups"),
            "ecr:GetAuthorizationToken",
        ),
        (
            f"arn:aws:ec2:{where}:security-group/*",
            *("ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"),
        ),
        (f"arn:aws:ecr:{where}:repository/lifestream-releases", *read),
        (f"arn:aws:ecr:{where}:repository/lifestream-processor-{name}", *sorted(read + write)),
        (f"{media}/uploads/checks/*", "s3:GetObject", "s3:PutObject"),
        (f"{media}/results/*", "s3:GetObject"),
        (f"arn:aws:dynamodb:{where}:table/lifestream-jobs-{name}", "dynamodb:GetItem"),
        (f"arn:aws:sqs:{where}:lifestream-jobs-dlq-{name}", "sqs:GetQueueAttributes"),
        (f"arn:aws:sqs:{where}:lifestream-jobs-{name}", "sqs:SendMessage"),
        (f"arn:aws:kms:{where}:key/*", "kms:Decrypt", "kms:GenerateDataKey"),
        (
            f"arn:aws:cloudformation:{where}:stack/lifestream-{name}-*/*",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
            "cloudformation:UpdateTerminationProtection",
        ),
        (f"arn:aws:dynamodb:{where}:table/lifestream-*-{name}", "dynamodb:UpdateTable"),
        *(
            (cdk.format(role), "sts:AssumeRole")
            for role in ("deploy", "file-publishing", "image-publishing", "lookup")
        ),
    }


def test_should_limit_keys_to_the_environments_own(promotion: Path) -> None:
    (policy,) = of_type(template(promotion, "Access-prod"), "AWS::IAM::Policy")
    (keys,) = (
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:Decrypt" in many(statement["Action"])
    )

    assert keys["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/lifestream-prod"}
    }
