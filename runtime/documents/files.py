"""Renders a job's result as all of its published documents."""

from runtime.core.contract import ResultFile
from runtime.documents.word import word_document
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_files


def render_documents(result: JobResult) -> dict[str, bytes]:
    """Return the content of every document by name; the same result gives the same bytes."""
    return {**render_files(result), ResultFile.TRANSCRIPT_WORD: word_document(result)}
