"""A user's own reference, scored against what a job published."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lifestream.scoring import Turn, diarization_error_rate, read_rttm, word_errors
from runtime.core.contract import ResultFile, result_prefix
from runtime.core.errors import Permanent
from runtime.core.jobs import Job, State
from tests.unit.dispatcher.world import BUCKET
from tests.unit.lifestream.operators import Operators

RTTM = "SPEAKER talk 1 0.000 4.000 <NA> <NA> {} <NA> <NA>\n"


@pytest.mark.parametrize(
    ("reference", "written", "edits"),
    [
        ("The harbour, is old!", "the harbour is old", (0, 0, 0)),
        ("the harbour is old", "the arbour is very old", (1, 0, 1)),
        ("the harbour is old", "harbour old", (0, 2, 0)),
        ("codigo abierto", "C\u00f3digo abierto.", (0, 0, 0)),
        ("\u4eca\u65e5\u306f\u96e8", "\u4eca\u65e5\u306f\u96ea\u3002", (1, 0, 0)),
        ("so it is", "", (0, 3, 0)),
    ],
)
def test_should_count_the_edits_between_texts(
    reference: str, written: str, edits: tuple[int, int, int]
) -> None:
    errors = word_errors(reference, written)
    assert (errors.substitutions, errors.deletions, errors.insertions) == edits


def test_should_compare_a_script_without_spaces_by_the_character() -> None:
    errors = word_errors("\u4eca\u65e5\u306f\u96e8", "\u4eca\u65e5\u306f\u96e8")
    assert (errors.units, errors.reference_count, errors.rate) == ("characters", 4, 0.0)


def test_should_refuse_a_reference_without_words() -> None:
    with pytest.raises(Permanent, match="no words"):
        word_errors(" ... ", "any")


def test_should_measure_who_speaks_when_whatever_the_names() -> None:
    truth = [Turn(start_seconds=0, end_seconds=4, speaker="anna")]
    found = [Turn(start_seconds=0, end_seconds=3, speaker="SPEAKER_00")]
    assert diarization_error_rate(truth, found) == pytest.approx(0.25)


def test_should_say_what_is_no_rttm() -> None:
    with pytest.raises(Permanent, match="no RTTM file"):
        read_rttm("SPEAKER talk 1 soon")


@pytest.fixture
def operators() -> Operators:
    return Operators()


def published(operators: Operators) -> Job:
    """A job whose results say "the harbour is old" by one speaker."""
    job = operators.job_in(State.SUCCEEDED)
    folder = result_prefix(job.job_id)
    files = {
        ResultFile.TRANSCRIPT_JSON: json.dumps({"sentences": [{"text": "The harbour is old."}]}),
        ResultFile.SPEAKERS_RTTM: RTTM.format("SPEAKER_00"),
    }
    manifest = {"files": [{"name": name} for name in files]}
    for name, text in {**files, ResultFile.MANIFEST: json.dumps(manifest)}.items():
        operators.world.objects.put(BUCKET, folder + name, text.encode())
    done = replace(job, result_key=folder + ResultFile.SUMMARY_JSON)
    operators.world.jobs.jobs[job.job_id] = done
    return done


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "words.txt",
            "the harbour is very old",
            "20.00% of 5 words are wrong: 0 others, 1 missing",
        ),
        ("who.rttm", RTTM.format("anna"), "DER 0.00%"),
    ],
)
def test_should_score_a_job_by_a_file(
    operators: Operators, tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    printed = operators.type("score", published(operators).job_id, str(tmp_path / name))
    assert (printed.status, said in printed.out) == (0, True), printed


def test_should_say_that_a_job_has_no_results(operators: Operators, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("any")
    job = operators.job_in(State.FAILED)
    with pytest.raises(Permanent, match="no results"):
        operators.type("score", job.job_id, str(tmp_path / "words.txt"))
