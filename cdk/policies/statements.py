"""Finds the policy statements of templates, and renders their resources as example ARNs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdk.policies.reference import ServiceReference

Template = Mapping[str, Any]

PSEUDO_PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "111122223333",
    "AWS::URLSuffix": "amazonaws.com",
}

ARN_ATTRIBUTES = {"Arn", "TopicArn", "BackupVaultArn", "TaskDefinitionArn"}

STREAM_ATTRIBUTE = "StreamArn"
"""The attribute of a table that is the ARN of its stream."""

RESOURCE_TYPES = {
    "AWS::Backup::BackupVault": "backup:backupVault",
    "AWS::CodeBuild::Project": "codebuild:project",
    "AWS::CodePipeline::Pipeline": "codepipeline:pipeline",
    "AWS::DynamoDB::Table": "dynamodb:table",
    "AWS::ECR::Repository": "ecr:repository",
    "AWS::ECS::Cluster": "ecs:cluster",
    "AWS::ECS::Service": "ecs:service",
    "AWS::ECS::TaskDefinition": "ecs:task-definition",
    "AWS::Events::EventBus": "events:event-bus",
    "AWS::IAM::Role": "iam:role",
    "AWS::KMS::Key": "kms:key",
    "AWS::Lambda::Function": "lambda:function",
    "AWS::Logs::LogGroup": "logs:log-group",
    "AWS::S3::Bucket": "s3:bucket",
    "AWS::SNS::Topic": "sns:topic",
    "AWS::SQS::Queue": "sqs:queue",
}
"""By CloudFormation type: its name in the service reference, where policies contain its ARN."""

REF_IS_ARN = {"AWS::ECS::TaskDefinition", "AWS::SNS::Topic"}
"""Types whose `Ref` is an ARN; that of all others is a name or an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyStatement:
    """A statement with its strings rendered; `owner` is the CloudFormation type that holds it."""

    where: str
    owner: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition_keys: tuple[str, ...]
    federated: tuple[str, ...]


class Templates:
    """The templates of one app by stack name, which may import each other's exports."""

    def __init__(self, templates: Mapping[str, Template], reference: ServiceReference) -> None:
        self._templates = templates
        self._reference = reference
        self._exports = {
            output["Export"]["Name"]: (template, output["Value"])
            for template in templates.values()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def statements(self) -> Iterator[PolicyStatement]:
        """Yield every statement of every resource of every template."""
        for stack, template in self._templates.items():
            for logical_id, resource in template["Resources"].items():
                properties = resource.get("Properties", {})
                where, owner = f"{stack}/{logical_id}", resource["Type"]
                if owner == "AWS::Lambda::Permission":
                    properties = {"Statement": [{"Effect": "Allow", **properties, "Resource": "*"}]}
                for statement in _statements(properties):
                    yield self._statement(template, where, owner, statement)

    def _statement(
        self, template: Template, where: str, owner: str, statement: Mapping[str, Any]
    ) -> PolicyStatement:
        conditions = statement.get("Condition", {})
        principal = statement.get("Principal", {})
        federated = principal.get("Federated", []) if isinstance(principal, dict) else []
        return PolicyStatement(
            where=where,
            owner=owner,
            actions=tuple(_many(statement["Action"])),
            resources=tuple(
                self._text(template, each) for each in _many(statement.get("Resource", []))
            ),
            condition_keys=tuple(sorted({key for keys in conditions.values() for key in keys})),
            federated=tuple(self._text(template, each) for each in _many(federated)),
        )

    def _text(self, template: Template, value: Any) -> str:  # noqa: PLR0911 - one for each form
        match value:
            case {"Ref": name}:
                return self._ref(template, name)
            case {"Fn::GetAtt": [name, attribute]}:
                if attribute == STREAM_ATTRIBUTE:
                    return self._reference.example_arn("dynamodb", "stream")
                if attribute in ARN_ATTRIBUTES:
                    return self._arn(template["Resources"][name]["Type"])
                return "example"
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self._text(template, part) for part in parts)
            case {"Fn::ImportValue": name}:
                return self._text(*self._exports[name])
            case {"Fn::Sub": text}:
                for name, example in PSEUDO_PARAMETERS.items():
                    text = text.replace(f"${{{name}}}", example)
                return str(text)
            case {"Fn::Select": _} | {"Fn::Split": _}:
                return "example"
        return str(value)

    def _ref(self, template: Template, name: str) -> str:
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        kind = template["Resources"].get(name, {}).get("Type")
        return self._arn(kind) if kind in REF_IS_ARN else "example"

    def _arn(self, kind: str) -> str:
        service, _, resource_type = RESOURCE_TYPES[kind].partition(":")
        arn = self._reference.example_arn(service, resource_type)
        # CloudFormation returns a log group's ARN with the part that stands for its streams.
        return f"{arn}:*" if kind == "AWS::Logs::LogGroup" else arn


def actions_in(template: Template) -> set[str]:
    """Return every action of a template's policies."""
    invoked = {
        resource["Properties"]["Action"]
        for resource in template.get("Resources", {}).values()
        if resource["Type"] == "AWS::Lambda::Permission"
    }
    return invoked | {
        action for statement in _statements(template) for action in _many(statement["Action"])
    }


def _statements(value: Any) -> Iterator[Mapping[str, Any]]:
    match value:
        case {"Statement": list(statements)}:
            yield from statements
        case dict():
            for inner in value.values():
                yield from _statements(inner)
        case list():
            for inner in value:
                yield from _statements(inner)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
