"""Gap (1.5.33, upstream): a repeated transaction is refused where it has a number such as `1.0`.

The first call writes its numbers in canonical form into what the repeated one is compared with, and
the SDK's own retry of a call whose answer was lost gets `IdempotentParameterMismatchException`.
"""

from typing import Any

from ministack.services import dynamodb

from local.emulator.patching import patch


def canonical(value: Any) -> Any:
    """Return a document in which every number of DynamoDB's is in canonical form."""
    if isinstance(value, list):
        return [canonical(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"N"} and isinstance(value["N"], str):
        return {"N": dynamodb._ddb_canonicalize_number(value["N"]) or value["N"]}
    return {name: canonical(each) for name, each in value.items()}


@patch(dynamodb, "_transact_write_items")
def transact(original: Any, data: Any) -> Any:
    """Have each transaction compared and written with canonical numbers."""
    return original(canonical(data))
