"""`speakers.rttm`: who spoke when, in NIST's Rich Transcription Time Marked format."""

from runtime.results.job_result import JobResult


def rttm(result: JobResult) -> str:
    """Return a SPEAKER line for each turn; the file id is the job id, as it may hold no space."""
    return "".join(
        f"SPEAKER {result.source.job_id} 1 {turn.start_seconds:.3f} "
        f"{turn.end_seconds - turn.start_seconds:.3f} <NA> <NA> {turn.speaker} <NA> <NA>\n"
        for turn in result.turns
    )
