from datetime import UTC, datetime
from typing import Any

from chaos.kills.losses import Loss, distribution_of, loss_of

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
    found = lost(started, after=31.0)
    assert found == Loss(stage="diarize", seconds=30.0, under_way=("diarize",))
    assert lost(started, line(21.0, "stage.kept", "diarize"), after=31.0).seconds == 10.0


def test_should_count_work_and_not_waiting_for_a_busy_machine() -> None:
    lines = [line(1.0, "stage.started", "diarize")]
    assert loss_of(lines, killed_at=NOON + 101.0, pace=0.25).seconds == 25.0


def test_should_lose_nothing_of_a_finished_stage() -> None:
    stages = line(1.0, "stage.started", "scenes"), line(9.0, "stage.finished", "scenes", seconds=8)
    assert lost(*stages, after=20.0).seconds == 0.0


def test_should_count_the_longest_of_stages_side_by_side() -> None:
    stages = line(1.0, "stage.started", "scenes"), line(6.0, "stage.started", "transcribe")
    found = lost(*stages, after=11.0)
    assert found == Loss(stage="scenes", seconds=10.0, under_way=("scenes", "transcribe"))


def test_should_count_the_files_that_have_to_be_brought_again() -> None:
    fetched = line(1.0, "stage.started", "fetch"), line(4.0, "stage.finished", "fetch", seconds=3)
    assert lost(*fetched, line(4.0, "stage.started", "audio"), after=6.0).seconds == 5.0


def test_should_say_what_kills_cost_and_what_they_hit() -> None:
    long = Loss(stage="scenes", seconds=30.0, under_way=("diarize", "scenes"))
    short = [Loss(stage="diarize", seconds=float(n), under_way=("diarize",)) for n in range(1, 10)]
    assert list(distribution_of([long, *short])) == [
        "lost at a kill: half up to 5.0 s, nine in ten up to 9.0 s, all up to 30.0 s",
        "  diarize: hit by 10 kills, most lost by it 9.0 s",
        "  scenes: hit by 1 kills, most lost by it 30.0 s",
    ]
    assert list(distribution_of([])) == []
    assert "between stages" in list(distribution_of([Loss(stage="", seconds=0.0)]))[1]
