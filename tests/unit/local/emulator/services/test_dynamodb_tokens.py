from typing import Any

import pytest
from ministack.services import dynamodb

from local.emulator.patching import apply
from local.emulator.services import dynamodb_tokens

TABLE = "any"


@pytest.fixture
def transact(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return ministack's transaction as patched, with one table."""
    monkeypatch.setattr(dynamodb, "_transact_write_items", dynamodb._transact_write_items)
    apply(dynamodb_tokens)
    dynamodb._create_table(
        {
            "TableName": TABLE,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    yield dynamodb._transact_write_items
    dynamodb._delete_table({"TableName": TABLE})


def written(number: str) -> dict[str, Any]:
    item = {"id": {"S": "x"}, "at": {"N": number}, "all": {"L": [{"N": number}]}}
    return {
        "ClientRequestToken": f"any-{number[:2]}",
        "TransactItems": [{"Put": {"TableName": TABLE, "Item": item}}],
    }


def test_should_answer_a_repeated_transaction_like_the_first(transact: Any) -> None:
    assert transact(written("17.0"))[0] == 200
    assert transact(written("17.0"))[0] == 200


def test_should_refuse_other_content_under_the_same_token(transact: Any) -> None:
    assert transact(written("18.0"))[0] == 200
    status, _, body = transact(written("18.5"))
    assert status == 400
    assert b"IdempotentParameterMismatchException" in body
