"""The synthesized way to production made easy to ask questions of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Action = Mapping[str, Any]


def template(promotion: Path, stack: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((promotion / f"{stack}.template.json").read_text())
    return content


def of_type(template: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [r for r in template["Resources"].values() if r["Type"] == kind]


def actions(promotion: Path) -> dict[str, list[Action]]:
    """Return the actions of every stage of the pipeline, in the order in which they run."""
    (pipeline,) = of_type(template(promotion, "Pipeline"), "AWS::CodePipeline::Pipeline")
    return {
        stage["Name"]: sorted(stage["Actions"], key=lambda action: action["RunOrder"])
        for stage in pipeline["Properties"]["Stages"]
    }


def commands(promotion: Path, action: Action) -> str:
    """Return what an action's build runs, tokens as `<...>`."""
    stack = template(promotion, "Pipeline")
    project = stack["Resources"][action["Configuration"]["ProjectName"]["Ref"]]
    return text(project["Properties"]["Source"]["BuildSpec"])


def text(value: Any) -> str:
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator.join(text(part) for part in parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return str(value)


def role_id(stack: Mapping[str, Any], name: str) -> str:
    (found,) = (
        f"<{logical_id}>"
        for logical_id, resource in stack["Resources"].items()
        if resource["Properties"].get("RoleName") == name
    )
    return found


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
