"""Makes the results once more without personal data, where an upload asks for it.

It fails closed: unless all of it was made, no such file is published.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runtime.core.contract import REDACTED_FOLDER, Redact, ResultFile, Stage
from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo, PublishedFile
from runtime.core.ports import Progress
from runtime.documents.files import render_documents
from runtime.processor.pipeline.graph import StageOutputs
from runtime.processor.pipeline.toolkit import JobContext
from runtime.processor.stages.publish import publish_folder
from runtime.results.job_result import JobResult
from runtime.results.warnings import REDACTION_FAILED, ResultWarning

if TYPE_CHECKING:
    from runtime.redaction.results import Redacted

LEFT_OUT = frozenset({ResultFile.SCENES_JSON, ResultFile.SPEAKERS_RTTM})
"""Files in which there are no words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedFiles:
    """Documents by name, sound that is published already, and what went wrong."""

    documents: dict[str, bytes] = field(default_factory=dict)
    sound: tuple[PublishedFile, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()


def redacted_files(
    job: JobContext, media: MediaInfo, given: StageOutputs, result: JobResult, on_progress: Progress
) -> RedactedFiles:
    """Return the files without personal data; none if the upload does not ask for them."""
    if job.options.redact is None:
        return RedactedFiles()
    try:
        # A hundred modules of number plans, which few jobs need.
        from runtime.redaction.results import redacted

        made = redacted(result, names=job.options.vocabulary)
        sound = _sound(job, media, given, made, on_progress)
        documents = {
            REDACTED_FOLDER + name: content
            for name, content in render_documents(made.result).items()
            if name not in LEFT_OUT
        }
    except (ImportError, Permanent, ValueError, LookupError, ArithmeticError, TypeError) as error:
        job.telemetry.log.error("redaction.failed", error=repr(type(error)))
        return RedactedFiles(warnings=(REDACTION_FAILED,))
    job.telemetry.log.info("redaction.done", **made.counts)
    return RedactedFiles(documents=documents, sound=sound)


def needed_files(job: JobContext, media: MediaInfo) -> tuple[Stage, ...]:
    """Return the stages whose files it takes."""
    return (Stage.FETCH,) if _wants_sound(job, media) else ()


def _wants_sound(job: JobContext, media: MediaInfo) -> bool:
    return job.options.redact is Redact.SOUND and media.audio is not None


def _sound(
    job: JobContext, media: MediaInfo, given: StageOutputs, made: "Redacted", on_progress: Progress
) -> tuple[PublishedFile, ...]:
    """Publish the sound with a tone over what was found; also where nothing was."""
    if not _wants_sound(job, media):
        return ()
    folder = job.folder / "sound-redacted"
    into = folder / REDACTED_FOLDER
    into.mkdir(parents=True, exist_ok=True)
    job.toolkit.make_player_audio(
        given[Stage.FETCH], media, into, lambda _: on_progress(0.0), made.times
    )
    return publish_folder(
        folder,
        job.source,
        attempt=job.attempt,
        objects=job.objects,
        on_progress=lambda _: on_progress(0.0),
    )
