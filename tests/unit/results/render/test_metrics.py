"""`metrics.json`, which tells what a run took."""

import json
from pathlib import Path

import jsonschema
import pytest

import runtime.results.render
from runtime.core.contract import Stage
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.results.render.metrics import MemoryUse, metrics_document
from tests.unit.processor.studio import STAGE_SECONDS, Studio

SCHEMAS = Path(runtime.results.render.__file__).parent / "schema"
FARGATE = TaskSize(vcpus=4, memory_mb=8192, architecture="x86_64")


def document(task_size: TaskSize = FARGATE, *, media_seconds: float = 1800.0) -> dict[str, object]:
    return metrics_document(
        job_id="0" * 32,
        attempt=2,
        media_seconds=media_seconds,
        wall_seconds=900.0,
        stage_seconds={Stage.TRANSCRIBE: 200.0, Stage.DIARIZE: 600.0},
        memory=MemoryUse(
            peak_mb=1500,
            after_stage_mb={Stage.TRANSCRIBE: 900, Stage.DIARIZE: 1500},
        ),
        task_size=task_size,
    )


@pytest.mark.parametrize("task_size", [FARGATE, UNKNOWN_TASK_SIZE])
def test_should_write_what_the_schema_allows(task_size: TaskSize) -> None:
    schema = json.loads((SCHEMAS / "metrics.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document(task_size), schema, jsonschema.Draft202012Validator)


def test_should_cost_what_the_task_costs_an_hour() -> None:
    # A quarter of an hour of 4 vCPU and 8 GB, as the price list has them.
    assert document()["cost_usd"] == pytest.approx((4 * 0.04048 + 8 * 0.004445) / 4, abs=1e-6)
    arm = TaskSize(vcpus=4, memory_mb=8192, architecture="aarch64")
    assert document(arm)["cost_usd"] == pytest.approx((4 * 0.03238 + 8 * 0.00356) / 4, abs=1e-6)


def test_should_share_the_cost_between_the_stages() -> None:
    whole = document()
    stages = whole["stages"]
    assert isinstance(stages, list)
    assert [stage["stage"] for stage in stages] == ["transcribe", "diarize"]
    assert [stage["peak_memory_mb"] for stage in stages] == [900, 1500]
    costs = [stage["cost_usd"] for stage in stages]
    assert costs[1] == pytest.approx(3 * costs[0], abs=1e-5)
    assert sum(costs) == pytest.approx(whole["cost_usd"], abs=1e-5)


def test_should_name_no_price_where_the_size_is_not_known() -> None:
    assert document(UNKNOWN_TASK_SIZE)["cost_usd"] is None


def test_should_have_no_real_time_factor_without_any_time() -> None:
    assert document(media_seconds=0.0)["real_time_factor"] is None


def test_should_tell_of_the_stages_of_this_attempt_only(tmp_path: Path) -> None:
    studio = Studio(work_dir=tmp_path)
    studio.meanwhile[Stage.SCENES] = lambda _: studio.interruption.request_stop()
    studio.run()
    studio.meanwhile.clear()
    studio.run()
    metrics = studio.run_metrics()
    assert metrics["attempt"] == 2
    stages = {stage["stage"]: stage["seconds"] for stage in metrics["stages"]}
    assert stages["thumbnails"] == STAGE_SECONDS
    assert "transcribe" not in stages
