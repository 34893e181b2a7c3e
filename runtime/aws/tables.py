"""Items of DynamoDB tables: read consistently, written under a condition, found by their keys.

Values in conditions and items are attribute values, as in `{"S": "text"}`.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REFUSED = "ConditionalCheckFailedException"
"""The code of a write whose condition does not hold."""


def only_if(condition: ConditionBase) -> dict[str, Any]:
    """Return the parameters by which a write is made under a condition only."""
    return _expression("ConditionExpression", condition)


def read_item(client: "DynamoDBClient", table: str, key: Mapping[str, Any], *, doing: str) -> Any:
    """Return the item of a key by a consistent read, or None."""
    with typed_faults(doing):
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def put_if(
    client: "DynamoDBClient", table: str, item: Any, condition: ConditionBase, *, doing: str
) -> bool:
    """Write an item; return False, with nothing written, where the condition does not hold."""
    with typed_faults(doing):
        try:
            client.put_item(TableName=table, Item=item, **only_if(condition))
        except ClientError as error:
            if error_code(error) == REFUSED:
                return False
            raise
    return True


def query_pages(
    client: "DynamoDBClient", table: str, keys: ConditionBase, *, doing: str, **request: Any
) -> Iterator[Any]:
    """Yield the pages of a query, each with its `Items` and `LastEvaluatedKey`."""
    request |= _expression("KeyConditionExpression", keys)
    while True:
        with typed_faults(doing):
            page = client.query(TableName=table, **request)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _expression(name: str, condition: ConditionBase) -> dict[str, Any]:
    built = ConditionExpressionBuilder().build_expression(
        condition, is_key_condition=name == "KeyConditionExpression"
    )
    expression, names, values = built
    # DynamoDB refuses an empty map of values.
    more = {"ExpressionAttributeValues": values} if values else {}
    return {name: expression, "ExpressionAttributeNames": names, **more}
