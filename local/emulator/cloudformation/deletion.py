"""Gap: CloudFormation deletes buckets that hold objects and tables protected from deletion.

Closed by the services' own calls, which refuse; the stack's deletion then fails as on AWS.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from local.emulator.cloudformation.handlers import Properties

Response = tuple[int, dict[str, str], bytes]

FIRST_ERROR_STATUS = 400


def install() -> None:
    """Let each service decide whether its resource may go."""
    _delete_by("AWS::S3::Bucket", s3._buckets, s3._delete_bucket)
    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        _delete_by(kind, dynamodb._tables, delete_table)


def delete_table(name: str) -> Response:
    """Delete a table by DynamoDB's own call."""
    answer: Response = dynamodb._delete_table({"TableName": name})
    return answer


def _delete_by(resource_type: str, there: Any, call: Callable[[str], Response]) -> None:
    def delete(physical_id: str, _properties: Properties) -> None:
        if physical_id not in there:
            return
        status, _, body = call(physical_id)
        if status >= FIRST_ERROR_STATUS:
            raise ValueError(body.decode())

    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    provisioners._RESOURCE_HANDLERS[resource_type] = {**handlers, "delete": delete}
