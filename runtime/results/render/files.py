"""Renders a job's result as its published text files."""

from collections.abc import Mapping

from runtime.core.contract import ResultFile
from runtime.results.job_result import JobResult
from runtime.results.render.captions import chapters_vtt, cues_of, srt, vtt
from runtime.results.render.manifest import describe_files, manifest_document
from runtime.results.render.markdown import markdown
from runtime.results.render.plain import transcript_text, transcript_tsv
from runtime.results.render.rttm import rttm
from runtime.results.render.summary_json import SCHEMA_VERSION, scene_list, summary_document
from runtime.results.render.text import json_bytes
from runtime.results.render.transcript import transcript_document


def render_files(result: JobResult) -> dict[str, bytes]:
    """Return the content of every rendered file by name; the same result gives the same bytes."""
    cues = cues_of(result)
    scenes = {
        "schema_version": SCHEMA_VERSION,
        "job_id": result.source.job_id,
        "scenes": scene_list(result),
    }
    return {
        ResultFile.SUMMARY_JSON: json_bytes(summary_document(result)),
        ResultFile.SUMMARY_MARKDOWN: markdown(result).encode(),
        ResultFile.TRANSCRIPT_JSON: json_bytes(transcript_document(result)),
        ResultFile.TRANSCRIPT_TEXT: transcript_text(result).encode(),
        ResultFile.TRANSCRIPT_TSV: transcript_tsv(result).encode(),
        ResultFile.CAPTIONS_SRT: srt(result, cues).encode(),
        ResultFile.CAPTIONS_VTT: vtt(result, cues).encode(),
        ResultFile.SPEAKERS_RTTM: rttm(result).encode(),
        ResultFile.SCENES_JSON: json_bytes(scenes),
        ResultFile.CHAPTERS_VTT: chapters_vtt(result).encode(),
    }


def render_manifest(
    result: JobResult,
    rendered: Mapping[str, bytes],
    *,
    folder: str = "",
    corrected: str | None = None,
) -> bytes:
    """Return the manifest of the rendered files and of the media files published before.

    `folder` is the one that it and the rendered files are written to, `corrected` that of the
    corrections of an earlier run.
    """
    files = (*describe_files(rendered), *result.media_files)
    return json_bytes(
        manifest_document(result.source.job_id, files, folder=folder, corrected=corrected)
    )
