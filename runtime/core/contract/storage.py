"""What is stored where: keys of objects, tables, published files."""

from enum import StrEnum

UPLOADS_PREFIX = "uploads/"
WORK_PREFIX = "work/"
RESULTS_PREFIX = "results/"

SCAN_TAG = "GuardDutyMalwareScanStatus"
"""The tag by which GuardDuty marks a scanned object with the result."""


class JobsTable:
    """Key and index of the jobs table."""

    PARTITION_KEY = "job_id"
    STATE_INDEX = "by_state"
    STATE_INDEX_PARTITION_KEY = "state"
    STATE_INDEX_SORT_KEY = "updated_at"
    OWNER_INDEX = "by_owner"
    OWNER_INDEX_PARTITION_KEY = "owner"
    OWNER_INDEX_SORT_KEY = "created_at"
    OWNER_INDEX_ATTRIBUTES = ("state", "title", "key")
    """What the index holds beside its keys: what a listing filters by and progress leaves alone."""

    TTL_ATTRIBUTE = "expires_at"
    ERASED = "ERASED"
    """In place of a state: of an erased job nothing but its id is kept, for some hours."""


class ServiceTable:
    """The one shape of the service's tables: uploads, API keys, webhooks."""

    PARTITION_KEY = "pk"
    SORT_KEY = "sk"
    TTL_ATTRIBUTE = "expires_at"


SPEND_PREFIX = "summary-spend|"
"""Keys of the idempotency table's items with what summaries cost in a month, `2026-11`."""


ERASURE_PREFIX = "erasure|"
"""Keys of the idempotency table's items with the certificates of erasures."""


class IdempotencyTable:
    """The idempotency table; its key is `s3_key|etag`, one bucket a table."""

    PARTITION_KEY = "object_id"
    TTL_ATTRIBUTE = "expires_at"
    DISPATCHED = "dispatched"
    PROCESSED = "processed"


class ResultFile(StrEnum):
    """Files that a job publishes, the manifest last; beside them `thumbnails/`."""

    SUMMARY_JSON = "summary.json"
    SUMMARY_MARKDOWN = "summary.md"
    TRANSCRIPT_JSON = "transcript.json"
    TRANSCRIPT_TEXT = "transcript.txt"
    TRANSCRIPT_TSV = "transcript.tsv"
    TRANSCRIPT_WORD = "transcript.docx"
    CAPTIONS_SRT = "transcript.srt"
    CAPTIONS_VTT = "transcript.vtt"
    SPEAKERS_RTTM = "speakers.rttm"
    SCENES_JSON = "scenes.json"
    CHAPTERS_VTT = "chapters.vtt"
    CONTACT_SHEET = "contact-sheet.jpg"
    PLAYER_AUDIO = "audio.m4a"
    WAVEFORM = "waveform.json"
    FINDINGS = "findings.json.gz"
    EDITS = "edits.json"
    METRICS = "metrics.json"
    MANIFEST = "manifest.json"


def object_id(key: str, etag: str) -> str:
    """Return the identity of one version of an upload, `s3_key|etag`, ETag without quotes."""
    return key + "|" + etag.strip('"')


def result_prefix(job_id: str) -> str:
    """Return the prefix of all of a job's results, with its slash.

    Directly below it is a copy for people and tools. Programs read what the job's `result_key`
    names, through `runtime.results.published`.
    """
    return f"{RESULTS_PREFIX}{job_id}/"


def attempt_folder(attempt: int, revision: str = "") -> str:
    """Return the folder of what an attempt publishes, below `result_prefix`, with its slash.

    Revisions correct an attempt's results; each is named by its number and a digest.
    """
    revised = f"revisions/{revision}/" if revision else ""
    return f"attempts/{attempt}/{revised}"


def thumbnail_name(scene_index: int) -> str:
    """Return the name of a scene's picture below the job's results, counted from 1."""
    return f"thumbnails/scene-{scene_index + 1:04d}.webp"


def work_prefix(job_id: str) -> str:
    """Return the prefix of a job's checkpoints, with its slash."""
    return f"{WORK_PREFIX}{job_id}/"


def is_upload(key: str) -> bool:
    """Return whether a decoded key is an upload; names and suffixes decide nothing."""
    return key.startswith(UPLOADS_PREFIX)


def is_folder_marker(key: str, size_bytes: int) -> bool:
    """Return whether an object only stands for a folder, as S3's console creates them."""
    return key.endswith("/") and size_bytes == 0
