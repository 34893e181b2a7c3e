"""Content types of the published files."""

_BY_SUFFIX = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "rttm": "text/plain; charset=utf-8",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "m4a": "audio/mp4",
    "gz": "application/gzip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def content_type(name: str) -> str:
    """Return the content type of a published file by its suffix."""
    return _BY_SUFFIX[name.rpartition(".")[2]]
