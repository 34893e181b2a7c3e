"""Gap: CloudFormation knows no backup selection, which says what a backup plan copies."""

import json

from ministack.services import backup

from local.emulator.cloudformation.handlers import Attributes, Properties, add

CREATED = 200


def install() -> None:
    """Add the type to ministack's."""
    add("AWS::Backup::BackupSelection", create_selection, delete_selection)


def create_selection(
    _logical_id: str, properties: Properties, _stack: str
) -> tuple[str, Attributes]:
    """Add a selection to its plan, which must exist; the physical id is the selection's."""
    given = properties["BackupSelection"]
    request = {"BackupSelection": {**given, "SelectionName": given.get("SelectionName", "")}}
    status, _, body = backup._create_selection(properties["BackupPlanId"], request)
    if status != CREATED:
        raise ValueError(f"backup selection: {body!r}")
    selection: str = json.loads(body)["SelectionId"]
    plan = properties["BackupPlanId"]
    return selection, {"Id": selection, "SelectionId": selection, "BackupPlanId": plan}


def delete_selection(physical_id: str, properties: Properties) -> None:
    """Take a selection out of its plan, if it is still there."""
    backup._delete_selection(properties["BackupPlanId"], physical_id)
