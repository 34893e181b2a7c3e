from datetime import UTC, datetime
from typing import Any

from chaos.kills.losses import Loss, loss_of

NOON = 1_750_000_000.0


def line(second: float, action: str, stage: str, **fields: Any) -> dict[str, Any]:
    at = datetime.fromtimestamp(NOON + second, UTC).isoformat()
    return {"time": at, "action": action, "stage": stage, **fields}


def lost(*lines: dict[str, Any], after: float) -> Loss:
    return loss_of(lines, killed_at=NOON + after)


def test_should_lose_nothing_before_any_stage() -> None:
    assert lost(after=5.0).seconds == 0.0


def test_should_lose_what_an_open_stage_did_since_it_was_last_kept() -> None:
    started = line(1.0, "stage.started", "diarize")
    assert lost(started, after=31.0) == Loss(stage="diarize", seconds=30.0)
    assert lost(started, line(21.0, "stage.kept", "diarize"), after=31.0).seconds == 10.0


def test_should_lose_nothing_of_a_finished_stage() -> None:
    stages = line(1.0, "stage.started", "scenes"), line(9.0, "stage.finished", "scenes", seconds=8)
    assert lost(*stages, after=20.0).seconds == 0.0


def test_should_count_the_longest_of_stages_side_by_side() -> None:
    stages = line(1.0, "stage.started", "scenes"), line(6.0, "stage.started", "transcribe")
    assert lost(*stages, after=11.0) == Loss(stage="scenes", seconds=10.0)


def test_should_count_the_files_that_have_to_be_brought_again() -> None:
    fetched = line(1.0, "stage.started", "fetch"), line(4.0, "stage.finished", "fetch", seconds=3)
    assert lost(*fetched, line(4.0, "stage.started", "audio"), after=6.0).seconds == 5.0
