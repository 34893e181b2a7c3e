"""`voices.json.gz`: how the speakers of a recording sound, where an environment knows voices.

It lies beside the results of its attempt and is no part of them: no manifest lists it, no public
copy has it, no route returns it. It is removed with the attempt.
"""

import gzip
import json
from dataclasses import dataclass

from runtime.core.codec import DecodeError, decode, encode
from runtime.core.contract import attempt_folder, result_prefix
from runtime.core.media import Voice
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.results.published import PublishedResults
from runtime.results.superseded import attempt_of

VOICES_FILE = "voices.json.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """The voices of a recording."""

    voices: tuple[Voice, ...]


NO_VOICES = Voices(voices=())


def voices_bytes(voices: Voices) -> bytes:
    """Return the document; the same voices give the same bytes."""
    return gzip.compress(json.dumps(encode(voices), separators=(",", ":")).encode(), mtime=0)


def read_voices(results: PublishedResults, objects: ObjectStore) -> Voices:
    """Return the voices of the attempt that published these results; none where it kept none."""
    folder = result_prefix(results.job_id) + attempt_folder(attempt_of(results) or 0)
    try:
        content = objects.read_bytes(results.bucket, folder + VOICES_FILE)
        found: Voices = decode(Voices, json.loads(gzip.decompress(content)))
    except (ObjectNotFoundError, DecodeError, ValueError, OSError, EOFError):
        return NO_VOICES
    return found
