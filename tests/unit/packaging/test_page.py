"""The package's page: its snippets are valid, and what it names exists."""

import doctest
import importlib
import json
import pkgutil
import re

import aws_cdk as cdk
import pytest
import yaml
from aws_cdk import assertions, aws_ecs, aws_iam
from cfnlint import api

import runtime.protection
from scripts.package.__main__ import PROJECT

PAGE = (PROJECT / "README.md").read_text()
ACTIONS = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]


def snippet(language: str, containing: str) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return next(block for block in blocks if containing in block)


def test_should_grant_by_the_cdk_what_the_policy_says() -> None:
    stack = cdk.Stack()
    cluster = aws_ecs.Cluster(stack, "Cluster")
    task_definition = aws_ecs.FargateTaskDefinition(stack, "Task")
    names = {"iam": aws_iam, "stack": stack, "cluster": cluster, "task_definition": task_definition}
    exec(snippet("python", "add_to_principal_policy"), names)  # noqa: S102 - our own page
    template = assertions.Template.from_stack(stack)
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    (written,) = json.loads(snippet("json", "Statement"))["Statement"]
    assert statement["Action"] == written["Action"] == ACTIONS
    assert str(statement["Resource"]["Fn::Join"]).count("task/") == 1


def test_should_be_valid_cloudformation() -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    }
                ],
            }
        },
    }

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
        """With the short forms of two functions."""

    Loader.add_constructor("!Ref", lambda loader, node: {"Ref": loader.construct_scalar(node)})
    Loader.add_constructor("!Sub", lambda loader, node: {"Fn::Sub": loader.construct_scalar(node)})
    resources = yaml.load(snippet("yaml", "TaskRolePolicy"), Loader)  # noqa: S506 - a SafeLoader
    resources |= {"TaskRole": role, "Cluster": {"Type": "AWS::ECS::Cluster"}}
    assert api.lint(json.dumps({"Resources": resources}), regions=["eu-west-1"]) == []


@pytest.mark.parametrize("example", re.findall(r"`examples/(\w+\.py)`", PAGE))
def test_should_name_examples_that_exist(example: str) -> None:
    assert (PROJECT / "examples" / example).is_file()


def test_should_name_what_the_package_exports() -> None:
    for line in re.findall(r"^from scale_in_guard import (.*)$", PAGE, flags=re.MULTILINE):
        for name in line.split(", "):
            assert name in runtime.protection.__all__


def test_should_run_the_examples_of_docstrings() -> None:
    tried = 0
    for module in pkgutil.walk_packages(runtime.protection.__path__, "runtime.protection."):
        if not module.name.endswith("__main__"):
            result = doctest.testmod(importlib.import_module(module.name))
            assert result.failed == 0
            tried += result.attempted
    assert doctest.testmod(runtime.protection).failed == 0
    assert tried > 0


def test_should_document_every_public_name() -> None:
    for name in runtime.protection.__all__:
        assert getattr(runtime.protection, name).__doc__, name
