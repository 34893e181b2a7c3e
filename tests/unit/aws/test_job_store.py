"""What the job store makes of lost answers and of contention."""

from collections.abc import Iterator
from typing import Any

import pytest

from runtime.aws import clients
from runtime.aws.job_items import job_item
from runtime.aws.job_store import DynamoJobStore
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Source, claim_new, launched, start, succeed
from runtime.core.ports import StaleWriteError
from tests.fakes.aws_endpoint import LOST, Answer, AwsEndpoint, Call, error_answer, json_answer

NOW = 1_700_000_000.0
JOB = claim_new(
    Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1),
    now=NOW,
    lease_seconds=60,
)
LAUNCHED = launched(JOB, now=NOW, task_arn="arn:any")


@pytest.fixture
def store(endpoint: AwsEndpoint) -> Iterator[DynamoJobStore]:
    del endpoint
    client = clients.dynamodb("us-east-1")
    yield DynamoJobStore(client, jobs_table="any-jobs", idempotency_table="any-idempotency")
    client.close()


def cancelled(*codes: str) -> Answer:
    return error_answer(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes]
    )


class ForgetfulTable:
    """Writes the item, loses the answer, and refuses the repetition by its condition."""

    def __init__(self, *, refusal: Answer) -> None:
        self.refusal = refusal
        self.item: dict[str, Any] | None = None

    def __call__(self, call: Call) -> Answer:
        if call.operation == "GetItem":
            return json_answer({"Item": self.item} if self.item else {})
        if self.item is not None:
            return self.refusal
        request = call.json
        self.item = request.get("Item") or request["TransactItems"][1]["Put"]["Item"]
        return LOST


def test_should_know_its_own_save_whose_answer_was_lost(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    endpoint.respond = ForgetfulTable(refusal=error_answer("ConditionalCheckFailedException"))
    store.save(JOB, LAUNCHED)
    assert [call.operation for call in endpoint.calls] == ["PutItem", "PutItem", "GetItem"]


def test_should_know_its_own_claim_whose_answer_was_lost(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    endpoint.respond = ForgetfulTable(
        refusal=cancelled("ConditionalCheckFailed", "ConditionalCheckFailed")
    )
    assert store.create(JOB) is None


def test_should_not_take_the_same_content_of_another_writer_for_its_own(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    table = ForgetfulTable(refusal=error_answer("ConditionalCheckFailedException"))
    table.item = dict(job_item(LAUNCHED, write_id="another writer"))
    endpoint.respond = table
    with pytest.raises(StaleWriteError):
        store.save(JOB, LAUNCHED)


def test_should_give_each_transaction_its_own_token_and_repeat_it_with_the_same(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    endpoint.script(LOST, json_answer({}))
    assert store.create(JOB) is None
    assert store.create(JOB) is None
    tokens = [call.json["ClientRequestToken"] for call in endpoint.calls]
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_should_be_retryable_while_another_transaction_is_under_way(
    store: DynamoJobStore, endpoint: AwsEndpoint, code: str
) -> None:
    endpoint.script(cancelled("None", code))
    with pytest.raises(Retryable, match=JOB.job_id):
        store.create(JOB)


def test_should_be_permanent_when_an_item_is_refused_for_what_it_is(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    endpoint.script(cancelled("ValidationError", "None"))
    with pytest.raises(Permanent):
        store.create(JOB)


def test_should_say_what_to_do_about_a_record_whose_job_is_gone(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    def respond(call: Call) -> Answer:
        return json_answer({}) if call.operation == "GetItem" else refusal

    refusal = cancelled("ConditionalCheckFailed", "None")
    endpoint.respond = respond
    with pytest.raises(Permanent, match="Delete the idempotency record"):
        store.create(JOB)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error_answer("ProvisionedThroughputExceededException"), Retryable),
        (error_answer("InternalServerError", status=500), Retryable),
        (LOST, Retryable),
        (error_answer("ExpiredTokenException"), Retryable),
        (error_answer("AccessDeniedException"), Permanent),
        (error_answer("ResourceNotFoundException"), Permanent),
    ],
)
def test_should_type_every_fault_by_what_to_do_next(
    store: DynamoJobStore, endpoint: AwsEndpoint, answer: Answer, kind: type[Exception]
) -> None:
    endpoint.script(answer)
    calls: list[Any] = [
        lambda: store.get(JOB.job_id),
        lambda: store.create(JOB),
        lambda: store.save(JOB, LAUNCHED),
        lambda: list(store.in_state(JOB.state)),
    ]
    for call in calls:
        with pytest.raises(kind):
            call()


def test_should_follow_the_pages_of_a_listing(store: DynamoJobStore, endpoint: AwsEndpoint) -> None:
    item = job_item(JOB, write_id="any")
    endpoint.script(
        json_answer({"Items": [item], "LastEvaluatedKey": {"job_id": {"S": JOB.job_id}}}),
        json_answer({"Items": []}),
        json_answer({"Items": [item]}),
    )
    assert list(store.in_state(JOB.state)) == [JOB]
    assert len(endpoint.calls) == 2


def test_should_read_consistently(store: DynamoJobStore, endpoint: AwsEndpoint) -> None:
    endpoint.script(json_answer({}))
    assert store.get(JOB.job_id) is None
    assert endpoint.calls[0].json["ConsistentRead"] is True


@pytest.mark.parametrize(
    "reason", ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"]
)
def test_should_have_a_contended_or_throttled_success_tried_again(
    store: DynamoJobStore, endpoint: AwsEndpoint, reason: str
) -> None:
    running = start(JOB, now=NOW, task_arn="arn:any")
    endpoint.script(cancelled(reason, "None"))
    with pytest.raises(Retryable):
        store.save(running, succeed(running, now=NOW, result_key="any"))


def test_should_list_past_a_record_that_cannot_be_read(
    store: DynamoJobStore, endpoint: AwsEndpoint
) -> None:
    good = job_item(JOB, write_id="any")
    bad = {**good, "options": {"M": {"compute": {"S": "unheard of"}, "vocabulary": {"L": []}}}}
    endpoint.script(json_answer({"Items": [bad, good]}))
    unreadable: list[Permanent] = []
    assert list(store.in_state(JOB.state, on_unreadable=unreadable.append)) == [JOB]
    assert [error.code for error in unreadable] == ["jobs.unreadable"]
    with pytest.raises(Permanent, match=JOB.job_id):
        list(store.in_state(JOB.state))
