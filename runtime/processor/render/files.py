"""All files that a job publishes, rendered from its result."""

from runtime.core.contract import ResultFile
from runtime.processor.render.captions import chapters_vtt, srt, vtt
from runtime.processor.render.manifest import manifest_document
from runtime.processor.render.markdown import markdown
from runtime.processor.render.rttm import rttm
from runtime.processor.render.summary_json import SCHEMA_VERSION, scene_list, summary_document
from runtime.processor.render.text import json_bytes
from runtime.processor.render.transcript import transcript_document
from runtime.processor.result import JobResult


def render_files(result: JobResult) -> dict[ResultFile, bytes]:
    """Return the content of every `ResultFile`; the same result gives the same bytes."""
    job_id = result.source.job_id
    scenes = {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "scenes": scene_list(result.scenes),
    }
    files = {
        ResultFile.SUMMARY_JSON: json_bytes(summary_document(result)),
        ResultFile.SUMMARY_MARKDOWN: markdown(result).encode(),
        ResultFile.TRANSCRIPT_JSON: json_bytes(transcript_document(result)),
        ResultFile.CAPTIONS_SRT: srt(result).encode(),
        ResultFile.CAPTIONS_VTT: vtt(result).encode(),
        ResultFile.SPEAKERS_RTTM: rttm(result).encode(),
        ResultFile.SCENES_JSON: json_bytes(scenes),
        ResultFile.CHAPTERS_VTT: chapters_vtt(result).encode(),
    }
    files[ResultFile.MANIFEST] = json_bytes(manifest_document(job_id, files))
    return files
