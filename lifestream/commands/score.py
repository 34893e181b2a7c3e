"""`score`: compares a job's transcript or speakers with a reference of one's own."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lifestream.commands.jobs import JobName, job_id_of
from lifestream.job_actions import known
from lifestream.ports import Operations
from lifestream.scoring import diarization_error_rate, read_rttm, word_errors
from lifestream.session import JsonOption, on_environment
from lifestream.view.console import Screen
from runtime.core.contract import ResultFile
from runtime.core.errors import Permanent
from runtime.core.ports import ObjectNotFoundError
from runtime.results.published import open_results

RTTM = ".rttm"


@on_environment
def score(
    operations: Operations,
    screen: Screen,
    name: JobName,
    reference: Annotated[
        Path, typer.Argument(help="A text of what is said, or an RTTM file of who speaks when.")
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Score a job's results: word error rate against a text, DER against an RTTM file."""
    job = known(operations, job_id_of(operations, name))
    if not reference.is_file():
        raise Permanent(
            "score.no_reference", f"There is no file {reference}.", "Give a text or an RTTM file."
        )
    try:
        results = open_results(job, operations.objects)
        if reference.suffix.lower() == RTTM:
            found = read_rttm(results.read(ResultFile.SPEAKERS_RTTM).decode())
            rate = diarization_error_rate(read_rttm(reference.read_text()), found)
            figures = {"diarization_error_rate": round(rate, 4)}
            said = f"DER {rate:.2%}, without a collar, overlaps scored"
        else:
            document = json.loads(results.read(ResultFile.TRANSCRIPT_JSON))
            written = " ".join(sentence["text"] for sentence in document["sentences"])
            errors = word_errors(reference.read_text(), written)
            figures = {"error_rate": round(errors.rate, 4), **asdict(errors)}
            said = (
                f"{errors.rate:.2%} of {errors.reference_count} {errors.units} are wrong: "
                f"{errors.substitutions} others, {errors.deletions} missing, "
                f"{errors.insertions} added"
            )
    except ObjectNotFoundError as error:
        raise Permanent(
            "score.no_results",
            f"Job {job.job_id} has no results to score.",
            "Score a job that succeeded.",
        ) from error
    if as_json:
        screen.json(figures)
    else:
        screen.say(said)
