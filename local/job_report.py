"""Prints what became of a job: its results and trace, or its failure and the processor's log."""

import json
from pathlib import Path
from typing import Any

from lifestream.view.console import Screen
from lifestream.view.waterfall import COLUMNS, waterfall
from local import toolchain
from local.deployed import Deployed
from runtime.aws.xray import XRayTraces
from runtime.core.clock import SystemClock
from runtime.core.contract import Output, ResultFile
from runtime.core.jobs import Job
from runtime.core.spans import trace_id


def show_results(screen: Screen, folder: Path) -> None:
    """Print the summary, who talked how long, and where the files are."""
    summary: dict[str, Any] = json.loads((folder / ResultFile.SUMMARY_JSON).read_text())
    screen.say()
    screen.say("Summary")
    for sentence in summary["summary"]:
        screen.say(f"  [{minutes(sentence['start_seconds'])}] {sentence['text']}")
    screen.say()
    screen.say("Talk time")
    for speaker in summary["speakers"]:
        screen.say(f"  {speaker['speaker']:<12} {minutes(speaker['talk_time_seconds'])}")
    screen.say()
    screen.say(f"{len(summary['scenes'])} scenes, {len(summary['chapters'])} chapters. Files:")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            screen.say(f"  {path.relative_to(toolchain.ROOT)}")


def show_trace(screen: Screen, deployed: Deployed, job: Job) -> None:
    """Print what was done for a job, and when."""
    segments = XRayTraces(deployed.cloud.client("xray")).read(trace_id(job.job_id))
    screen.say()
    screen.say(f"Trace {trace_id(job.job_id)}")
    screen.table(COLUMNS, waterfall(segments, now=SystemClock().now()))


def show_failure(screen: Screen, deployed: Deployed, job: Job | None) -> None:
    """Print why a job ended without results and what to do."""
    if job is None or job.failure is None:
        screen.say(f"The job ended as {job.state if job else 'unknown'} without a reason.")
        show_logs(screen, deployed)
        return
    screen.say(f"The job failed: {job.failure.summary} [{job.failure.code}]")
    screen.say(f"What to do: {job.failure.resolution}")
    if job.failure.code == "internal":
        show_logs(screen, deployed)


def show_logs(screen: Screen, deployed: Deployed, lines: int = 20) -> None:
    """Print the end of the processor's log."""
    logs = deployed.cloud.client("logs")
    group = deployed.outputs[Output.PROCESSOR_LOG_GROUP]
    events = logs.filter_log_events(logGroupName=group)["events"][-lines:]
    screen.say(f"The end of {group}:" if events else f"{group} is empty.")
    for event in events:
        screen.say("  " + event["message"].rstrip())


def minutes(seconds: float) -> str:
    """Format seconds as minutes and seconds, `m:ss`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
