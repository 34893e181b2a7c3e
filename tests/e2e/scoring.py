"""Scores of a result against the truth that the sample script wrote."""

import json
from pathlib import Path
from typing import Any

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from scripts.verification.scoring import missed_and_false_cuts, word_error_rate

__all__ = ["diarization_error_rate", "missed_and_false_cuts", "read_json", "word_error_rate"]


def diarization_error_rate(reference: Path, hypothesis: Path, duration_seconds: float) -> float:
    """Return the DER of one RTTM file against another, without a collar, overlaps scored."""
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    everything = Timeline([Segment(0, duration_seconds)])
    return float(metric(annotation(reference), annotation(hypothesis), uem=everything))


def annotation(rttm: Path) -> Annotation:
    """Read an RTTM file."""
    result = Annotation(uri="talk")
    for track, line in enumerate(rttm.read_text().splitlines()):
        fields = line.split()
        start, duration = float(fields[3]), float(fields[4])
        result[Segment(start, start + duration), track] = fields[7]
    return result


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text())
