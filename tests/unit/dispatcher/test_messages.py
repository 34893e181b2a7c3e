import json

import pytest

from runtime.core.messages import (
    Ignored,
    MalformedMessageError,
    ParsedMessage,
    Requeued,
    Upload,
    confirm_message,
    parse,
    requeue_message,
)
from tests.unit.dispatcher.world import BUCKET, confirmation, s3_event, scan_event


@pytest.mark.parametrize(
    "key",
    [
        "uploads/plain.mp4",
        "uploads/with space.mov",
        "uploads/a+b.mp4",
        "uploads/50%25.mp4",
        "uploads/Grüße aus 東京.mp4",
    ],
)
def test_should_decode_the_key_of_an_s3_record(key: str) -> None:
    assert parse(s3_event(key), bucket=BUCKET) == ParsedMessage((Upload(BUCKET, key),))


def test_should_take_the_key_of_a_confirmation_as_it_is() -> None:
    assert parse(confirmation("uploads/a+b%20c.mp4"), bucket=BUCKET) == ParsedMessage(
        (Upload(BUCKET, "uploads/a+b%20c.mp4"),)
    )


def test_should_read_the_confirmation_that_core_writes() -> None:
    upload = Upload(BUCKET, "uploads/Grüße aus 東京.mp4")
    assert parse(confirm_message(upload), bucket=BUCKET) == ParsedMessage((upload,))


def test_should_return_every_record_of_a_message_and_each_upload_once() -> None:
    body = s3_event("uploads/1.mp4", "uploads/2.mp4", "uploads/1.mp4")
    assert parse(body, bucket=BUCKET) == ParsedMessage(
        (Upload(BUCKET, "uploads/1.mp4"), Upload(BUCKET, "uploads/2.mp4"))
    )


def test_should_read_the_records_next_to_one_that_is_malformed() -> None:
    event = json.loads(s3_event("uploads/1.mp4"))
    event["Records"].append({"eventName": "ObjectCreated:Put"})
    message = parse(json.dumps(event), bucket=BUCKET)
    assert message.requests == (Upload(BUCKET, "uploads/1.mp4"),)
    assert len(message.problems) == 1


def test_should_read_the_message_that_has_a_job_dispatched_again() -> None:
    assert parse(requeue_message("any-job"), bucket=BUCKET) == ParsedMessage((Requeued("any-job"),))


def test_should_read_which_upload_was_scanned_and_leave_the_result_to_its_tag() -> None:
    found = parse(scan_event("uploads/a+b %41.mp4"), bucket=BUCKET)
    assert found.requests == (Upload(BUCKET, "uploads/a+b %41.mp4", scanned=True),)


@pytest.mark.parametrize(
    "name",
    ["IMG_0001.MOV", "GX010042.MP4", "Screen Recording.Mov", "call.wav", "New Recording 7.m4a"],
)
def test_should_read_an_upload_of_any_name(name: str) -> None:
    message = parse(s3_event(f"uploads/{name}"), bucket=BUCKET)
    assert message == ParsedMessage((Upload(BUCKET, f"uploads/{name}"),))


def test_should_ignore_the_test_event_of_a_new_notification() -> None:
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET})
    assert parse(body, bucket=BUCKET) == ParsedMessage(
        (), (Ignored("S3's test of a new notification"),)
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (s3_event(bucket="another-bucket"), "foreign bucket"),
        (confirmation(bucket="another-bucket"), "foreign bucket"),
        (s3_event("results/any/summary.json"), "not an upload"),
        (s3_event(event="ObjectRemoved:Delete"), "event ObjectRemoved:Delete"),
    ],
)
def test_should_ignore_what_is_not_ours(body: str, reason: str) -> None:
    message = parse(body, bucket=BUCKET)
    assert message.requests == ()
    assert [part.reason for part in message.ignored] == [reason]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"Records": {}}',
        '{"Records": ["text"]}',
        '{"Records": [{"eventName": "ObjectCreated:Put"}]}',
        '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": [], "object": []}}]}',
        s3_event("").replace('"key": ""', '"key": null'),
        confirmation(key=""),
        requeue_message(""),
        scan_event(""),
        scan_event().replace('"s3ObjectDetails"', '"other"'),
        '{"type": "something_else", "bucket": "b", "key": "k"}',
    ],
)
def test_should_refuse_what_it_cannot_read(body: str) -> None:
    with pytest.raises(MalformedMessageError, match="dead-letter queue"):
        parse(body, bucket=BUCKET)
