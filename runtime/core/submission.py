"""Who uploaded a file and what it is called: metadata of an upload beside its job's options."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header

from runtime.core.contract import OPTION_PREFIX, SubmissionField

MAX_TITLE_CHARACTERS = 200
MAX_OWNER_CHARACTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The owner (an OIDC subject) and the title of an upload; None for one made without the API."""

    owner: str | None = None
    title: str | None = None


NO_SUBMISSION = Submission()


def parse_submission(metadata: Mapping[str, str]) -> Submission:
    """Return the submission in an object's user metadata; what cannot be read counts as absent.

    Keys come without `x-amz-meta-`. A value may be encoded by RFC 2047.
    """
    given = {name.lower(): value for name, value in metadata.items()}
    owner = _text(given.get(f"{OPTION_PREFIX}{SubmissionField.OWNER}", ""))
    title = _text(given.get(f"{OPTION_PREFIX}{SubmissionField.TITLE}", ""))
    return Submission(
        owner=owner[:MAX_OWNER_CHARACTERS] or None, title=title[:MAX_TITLE_CHARACTERS] or None
    )


def submission_metadata(submission: Submission) -> dict[str, str]:
    """Return the metadata, without `x-amz-meta-`, from which `parse_submission` reads it again."""
    values = {SubmissionField.OWNER: submission.owner, SubmissionField.TITLE: submission.title}
    return {f"{OPTION_PREFIX}{name}": header_text(text) for name, text in values.items() if text}


def header_text(text: str) -> str:
    """Return a text as a header may carry it: unchanged in plain ASCII, else by RFC 2047."""
    plain = text.isascii() and text.isprintable() and "=?" not in text
    return text if plain else Header(text, "utf-8").encode(maxlinelen=0)


def _text(value: str) -> str:
    try:
        text = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return ""
    return "".join(c for c in text if c.isprintable()).strip()
