"""Gap (1.5.33, upstream): CloudFormation knows no backup selections."""

import json

from ministack.services import backup

from local.emulator.cloudformation.handlers import Created, Properties, require


def create_selection(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Add a selection to its plan, which must exist; the physical id is the selection's."""
    given, plan = properties["BackupSelection"], properties["BackupPlanId"]
    request = {"BackupSelection": {**given, "SelectionName": given.get("SelectionName", "")}}
    body = require(backup._create_selection(plan, request), "backup selection")
    selection: str = json.loads(body)["SelectionId"]
    return selection, {"Id": selection, "SelectionId": selection, "BackupPlanId": plan}


def delete_selection(physical_id: str, properties: Properties) -> None:
    """Remove a selection from its plan, if it is still there."""
    backup._delete_selection(properties["BackupPlanId"], physical_id)
