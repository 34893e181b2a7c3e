"""Options of an upload: from JSON to the metadata that S3 keeps and the dispatcher reads."""

from collections.abc import Mapping
from typing import Any

from runtime.api.problems import invalid
from runtime.core import option_schema
from runtime.core.options import (
    JobOptions,
    OptionsRefusedError,
    metadata_of,
    options_of_json,
)
from runtime.core.submission import MAX_TITLE_CHARACTERS, Submission, submission_metadata

MAX_METADATA_BYTES = 2048
"""S3's limit of an object's user metadata, names and values together."""

TITLE = "title"


def upload_metadata(options: Mapping[str, Any], *, owner: str) -> dict[str, str]:
    """Return the object metadata of an upload; raise `ProblemError` 422 for refused options."""
    title = options.get(TITLE)
    if title is not None and (not isinstance(title, str) or len(title) > MAX_TITLE_CHARACTERS):
        raise invalid(
            "options.invalid",
            f"The title is no text of at most {MAX_TITLE_CHARACTERS} characters.",
            "Give a shorter title.",
        )
    job_options = given_options({k: v for k, v in options.items() if k != TITLE})
    metadata = submission_metadata(Submission(owner=owner, title=title)) | metadata_of(job_options)
    size = sum(len(name) + len(value) for name, value in metadata.items())
    if size > MAX_METADATA_BYTES:
        raise invalid(
            "options.too_long",
            f"The options take {size} bytes, more than the {MAX_METADATA_BYTES} that S3 keeps.",
            "Give fewer or shorter terms.",
        )
    return metadata


def given_options(document: Mapping[str, Any]) -> JobOptions:
    """Return the options of a request; raise `ProblemError` 422 where they are refused."""
    try:
        return options_of_json(document)
    except OptionsRefusedError as error:
        raise invalid(error.code, error.summary, "See GET /v1/options.") from error


def options_schema() -> dict[str, Any]:
    """Return a JSON Schema of what an upload accepts as `options`."""
    schema = option_schema.options_schema()
    title = {
        "type": "string",
        "maxLength": MAX_TITLE_CHARACTERS,
        "description": "What the recording is called; without it, its file name.",
    }
    return {**schema, "properties": {TITLE: title, **schema["properties"]}}
