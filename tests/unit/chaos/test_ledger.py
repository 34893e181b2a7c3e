from typing import Any

from chaos.ledger import Breach, Ledger
from tests.unit.chaos.sdk_requests import save


def item(state: str, attempt: int = 1) -> dict[str, Any]:
    record: dict[str, Any] = save("any-job", state, attempt)["Item"]
    return record


def ledger(*records: tuple[str, int], task_lives: bool = False) -> Ledger:
    kept = Ledger(lambda _job_id, _attempt: task_lives)
    for state, attempt in records:
        kept.note_record(3, item(state, attempt))
    return kept


def breaches(kept: Ledger) -> list[Breach]:
    return [violation.breach for violation in kept.violations]


def test_should_find_nothing_wrong_with_an_ordinary_life() -> None:
    kept = ledger(
        ("CLAIMED", 1), ("RUNNING", 1), ("PENDING", 1), ("CLAIMED", 2), ("RUNNING", 2),
        ("SUCCEEDED", 2),
    )  # fmt: skip
    assert kept.violations == ()


def test_should_note_a_write_by_an_attempt_that_was_taken_over() -> None:
    kept = ledger(("CLAIMED", 1), ("RUNNING", 1), ("CLAIMED", 2), ("PENDING", 1))
    assert breaches(kept) == [Breach.RULE]
    assert "attempt 1" in str(kept.violations[0])


def test_should_not_take_the_repetition_of_a_transaction_for_a_second_write() -> None:
    """DynamoDB answers it with success, by its token, and writes nothing."""
    kept = ledger(("RUNNING", 1))
    success = item("SUCCEEDED")
    kept.note_record(3, success)
    kept.note_record(3, success)
    assert kept.violations == ()


def test_should_note_a_second_success() -> None:
    kept = ledger(("RUNNING", 1), ("SUCCEEDED", 1), ("SUCCEEDED", 1))
    assert breaches(kept) == [Breach.TWICE]


def test_should_note_a_takeover_from_a_living_task() -> None:
    assert breaches(ledger(("CLAIMED", 1), ("CLAIMED", 2), task_lives=True)) == [Breach.RULE]
    assert breaches(ledger(("CLAIMED", 1), ("CLAIMED", 2))) == []


def test_should_note_a_claim_given_up_with_a_living_task() -> None:
    assert breaches(ledger(("CLAIMED", 1), ("PENDING", 1), task_lives=True)) == [Breach.RULE]


def test_should_allow_the_same_file_to_be_published_again_but_no_other() -> None:
    kept = ledger()
    for content in (b"one", b"one"):
        kept.note_result(3, "results/any/manifest.json", content, manifest=True)
    assert (kept.manifests, kept.violations) == (2, ())
    kept.note_result(3, "results/any/manifest.json", b"two", manifest=True)
    assert breaches(kept) == [Breach.TWICE]


def test_should_allow_another_content_after_a_request_and_one_only() -> None:
    kept = ledger()
    kept.note_result(3, "results/any/manifest.json", b"one", manifest=True)
    kept.note_record(3, {**item("CLAIMED", 2), "reruns": {"N": "1"}})
    kept.note_result(3, "results/any/manifest.json", b"two", manifest=True)
    assert kept.violations == ()
    kept.note_result(3, "results/any/manifest.json", b"one", manifest=True)
    assert breaches(kept) == [Breach.TWICE]


def test_should_not_take_a_persons_request_for_a_claim_given_up() -> None:
    kept = ledger(("CLAIMED", 1), task_lives=True)
    kept.note_record(3, {**item("CLAIMED", 3), "reruns": {"N": "1"}})
    assert kept.violations == ()
    kept.note_record(3, {**item("CLAIMED", 4), "reruns": {"N": "1"}})
    assert breaches(kept) == [Breach.RULE]
