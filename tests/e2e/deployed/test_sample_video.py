"""The main job for real: deployed templates, real models, scored against the sample's truth."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from lifestream.follow import follow
from local.deployed import Deployed, download_results, job_store, upload
from runtime.aws.xray import XRayTraces
from runtime.core.clock import SystemClock
from runtime.core.contract import (
    ExitCode,
    IdempotencyTable,
    Output,
    ResultFile,
    Stage,
    attempt_folder,
    result_prefix,
)
from runtime.core.jobs import Job, State
from runtime.core.spans import Part, trace_id
from scripts.sample_media.ffmpeg import decode_speech
from tests.e2e import scoring
from tests.e2e.looking import ended_tasks

pytestmark = pytest.mark.e2e

WORD_ERROR_RATE = 0.05
DIARIZATION_ERROR_RATE = 0.06
CUT_TOLERANCE_SECONDS = 0.1


@pytest.fixture(scope="session")
def finished(deployed: Deployed, talk: Path) -> Job:
    source = upload(deployed, talk)
    jobs = job_store(deployed)
    job = None
    for update in follow(lambda: jobs.get(source.job_id), clock=SystemClock(), silence_seconds=600):
        job = update.job
    assert job is not None
    assert job.state is State.SUCCEEDED, job.failure
    ended_tasks(deployed, job.job_id)  # What the process logs and traces at last is there then.
    return job


@pytest.fixture(scope="session")
def results(deployed: Deployed, finished: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return download_results(deployed, finished, tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="session")
def truth(talk: Path) -> dict[str, Any]:
    content: dict[str, Any] = scoring.read_json(talk.with_suffix(".truth.json"))
    return content


@pytest.fixture(scope="session")
def words(results: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = scoring.read_json(results / ResultFile.TRANSCRIPT_JSON)["words"]
    return content


def test_should_recognise_the_words(words: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    spoken = " ".join(turn["text"] for turn in truth["turns"])
    heard = " ".join(word["text"] for word in words)
    assert scoring.word_error_rate(spoken, heard) <= WORD_ERROR_RATE


def test_should_find_who_spoke_when(results: Path, talk: Path, truth: dict[str, Any]) -> None:
    rate = scoring.diarization_error_rate(
        talk.with_suffix(".rttm"), results / ResultFile.SPEAKERS_RTTM, truth["duration"]
    )
    assert rate <= DIARIZATION_ERROR_RATE


def test_should_find_both_speakers(results: Path) -> None:
    summary = scoring.read_json(results / ResultFile.SUMMARY_JSON)
    assert [s["speaker"] for s in summary["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert all(s["talk_time_seconds"] > 0 for s in summary["speakers"])


def test_should_attribute_every_word(words: list[dict[str, Any]]) -> None:
    assert {word["speaker"] for word in words} == {"SPEAKER_00", "SPEAKER_01"}


def test_should_keep_words_in_order_and_inside_the_video(
    words: list[dict[str, Any]], truth: dict[str, Any]
) -> None:
    starts = [word["start_seconds"] for word in words]
    assert starts == sorted(starts)
    assert all(0 <= w["start_seconds"] <= w["end_seconds"] <= truth["duration"] for w in words)


def test_should_find_every_cut_and_no_other(results: Path, truth: dict[str, Any]) -> None:
    scenes = scoring.read_json(results / ResultFile.SCENES_JSON)["scenes"]
    missed, false = scoring.missed_and_false_cuts(truth["cuts"], scenes, CUT_TOLERANCE_SECONDS)
    assert (missed, false) == ([], [])


def test_should_cite_words_that_were_said(results: Path, words: list[dict[str, Any]]) -> None:
    summary = scoring.read_json(results / ResultFile.SUMMARY_JSON)["summary"]
    assert summary
    for sentence in summary:
        cited = [
            word["text"]
            for word in words
            if sentence["start_seconds"] <= word["start_seconds"]
            and word["end_seconds"] <= sentence["end_seconds"]
            and word["speaker"] == sentence["speaker"]
        ]
        assert sentence["text"] == " ".join(cited)


def test_should_publish_what_the_manifest_lists(results: Path) -> None:
    manifest = scoring.read_json(results / ResultFile.MANIFEST)
    for file in manifest["files"]:
        content = (results / file["name"]).read_bytes()
        assert len(content) == file["size_bytes"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_should_picture_every_scene_and_keep_the_sound(results: Path, talk: Path) -> None:
    summary = scoring.read_json(results / ResultFile.SUMMARY_JSON)
    assert all((results / scene["thumbnail"]).is_file() for scene in summary["scenes"])
    assert (results / summary["contact_sheet"]).is_file()
    kept, original = decode_speech(results / summary["player_audio"]), decode_speech(talk)
    assert abs(len(kept) - len(original)) < 16  # a millisecond, where the last packet ends
    both = min(len(kept), len(original))
    assert kept[:both] == pytest.approx(original[:both], abs=0.01)


def test_should_tell_what_the_run_took(results: Path) -> None:
    metrics = scoring.read_json(results / ResultFile.METRICS)
    assert {stage["stage"] for stage in metrics["stages"]} >= set(Stage) - {Stage.PUBLISH}
    assert metrics["peak_memory_mb"] > 100


def test_should_record_the_result_in_both_tables(deployed: Deployed, finished: Job) -> None:
    own = result_prefix(finished.job_id) + attempt_folder(finished.attempt)
    assert finished.result_key == own + ResultFile.SUMMARY_JSON
    record = deployed.cloud.client("dynamodb").get_item(
        TableName=deployed.outputs[Output.IDEMPOTENCY_TABLE],
        Key={IdempotencyTable.PARTITION_KEY: {"S": finished.source.object_id}},
    )["Item"]
    assert record["status"]["S"] == IdempotencyTable.PROCESSED
    assert record["result_s3_key"]["S"] == finished.result_key


def test_should_run_one_task_that_ended_well(deployed: Deployed, finished: Job) -> None:
    tasks = ended_tasks(deployed, finished.job_id)
    assert [container["exitCode"] for task in tasks for container in task["containers"]] == [
        ExitCode.SUCCESS
    ]


def test_should_tell_its_whole_way_in_one_trace(deployed: Deployed, finished: Job) -> None:
    traces = XRayTraces(deployed.cloud.client("xray"))
    segments = traces.read(trace_id(finished.job_id))
    by_name = {segment["name"].rpartition("/")[2]: segment for segment in segments}
    assert set(by_name) == {Part.UPLOAD, Part.DISPATCH, Part.PROCESS}
    upload, process = by_name[Part.UPLOAD], by_name[Part.PROCESS]
    assert [s["id"] for s in segments if "parent_id" not in s] == [upload["id"]]
    stages = {stage["name"]: stage for stage in process["subsegments"]}
    assert set(stages) == set(Stage)
    assert not any(s.get("in_progress") or s.get("fault") for s in (*segments, *stages.values()))
    times = [
        upload["start_time"],
        upload["end_time"],
        by_name[Part.DISPATCH]["end_time"],
        process["start_time"],
        stages[Stage.FETCH]["end_time"],
        stages[Stage.PUBLISH]["end_time"],
        process["end_time"],
    ]
    # The dispatcher and the task it has started go on side by side, on one clock here.
    assert times[:2] == sorted(times[:2])
    assert times[3:] == sorted(times[3:])
    assert upload["end_time"] <= process["start_time"]


def test_should_name_the_trace_in_every_line_about_the_job(
    deployed: Deployed, finished: Job
) -> None:
    groups = [
        deployed.outputs[Output.PROCESSOR_LOG_GROUP],
        f"/aws/lambda/{deployed.outputs[Output.DISPATCHER_FUNCTION]}",
    ]
    for group in groups:
        events = deployed.cloud.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [e["message"] for e in events if finished.job_id in e["message"]]
        assert lines, group
        assert all(json.loads(line)["trace_id"] == trace_id(finished.job_id) for line in lines)


def test_should_log_json_lines_without_transcript_text(
    deployed: Deployed, finished: Job, words: list[dict[str, Any]]
) -> None:
    events = deployed.cloud.client("logs").filter_log_events(
        logGroupName=deployed.outputs[Output.PROCESSOR_LOG_GROUP]
    )["events"]
    lines = [json.loads(event["message"]) for event in events]
    ours = [line for line in lines if line.get("job_id") == finished.job_id]
    assert all(line["attempt"] == finished.attempt for line in ours)
    assert len(ours) >= len(Stage)
    rare = {word["text"] for word in words if len(word["text"]) > 9}
    assert not any(word in event["message"] for event in events for word in rare)
