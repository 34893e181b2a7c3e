"""A job's options: parsed from the upload's metadata, refused if invalid."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from runtime.core.contract import OPTION_PREFIX, Compute, Option, SubmissionField
from runtime.core.errors import Permanent

MAX_SPEAKERS = 32
MAX_TERMS = 100
MAX_TERM_CHARACTERS = 60

LANGUAGES = frozenset(
    code
    for codes in (
        "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu",
        "ha haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml",
        "mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw",
        "ta te tg th tk tl tr tt uk ur uz vi yi yo zh",
    )
    for code in codes.split()
)
"""The codes that every multilingual Whisper model knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How to run a job.

    `language` is a code of `LANGUAGES`, or None to detect it. The bounds of the number of speakers
    are 1 to `MAX_SPEAKERS`, or None for no bound. `vocabulary` are names and terms to expect.
    """

    compute: Compute = Compute.CPU
    language: str | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    vocabulary: tuple[str, ...] = ()


DEFAULT_OPTIONS = JobOptions()


class OptionsRefusedError(Permanent):
    """An upload's options are invalid or cannot be met; its job must fail with this reason."""


def parse_options(metadata: Mapping[str, str]) -> JobOptions:
    """Return the options in an object's user metadata; keys come without `x-amz-meta-`.

    A value may be encoded by RFC 2047, as S3 does with what is not ASCII; an empty one counts as
    not given. Raise `OptionsRefusedError` naming everything that is wrong at once.
    """
    asked = {
        name.lower().removeprefix(OPTION_PREFIX): value
        for name, value in metadata.items()
        if name.lower().startswith(OPTION_PREFIX)
    }
    read = _Reader(asked)
    options = JobOptions(
        compute=read.compute(),
        language=read.language(),
        min_speakers=read.speakers(Option.MIN_SPEAKERS),
        max_speakers=read.speakers(Option.MAX_SPEAKERS),
        vocabulary=read.vocabulary(),
    )
    problems = [*read.unknown(), *read.problems]
    fewest, most = options.min_speakers, options.max_speakers
    if fewest is not None and most is not None and fewest > most:
        problems.append(f"at least {fewest} and at most {most} speakers exclude each other")
    if problems:
        raise OptionsRefusedError(
            "options.invalid",
            f"The upload's metadata asks for what is not understood: {'; '.join(problems)}.",
            "Correct the metadata: upload the file again, or copy the object onto itself with "
            "other metadata, and retry the job.",
        )
    return options


def no_gpu() -> OptionsRefusedError:
    """Return the error of a job that asks for a GPU where the environment has none."""
    return OptionsRefusedError(
        "options.no_gpu",
        f"The upload asks for {OPTION_PREFIX}{Option.COMPUTE}={Compute.GPU}, but this environment "
        "has no GPU workers.",
        "Enable GPU workers in the environment file and deploy, or upload the file without that "
        "metadata; then retry the job.",
    )


class _Reader:
    """Reads the options and collects their problems."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._asked = asked

    def unknown(self) -> Iterator[str]:
        known = ", ".join(f"{OPTION_PREFIX}{option}" for option in Option)
        for name in sorted(set(self._asked) - set(Option) - set(SubmissionField)):
            yield f"there is no option {OPTION_PREFIX}{name}, only {known}"

    def compute(self) -> Compute:
        given = self._text(Option.COMPUTE).lower()
        if given and given not in set(Compute):
            self._wrong(Option.COMPUTE, given, f"one of {', '.join(Compute)}")
            return Compute.CPU
        return Compute(given) if given else Compute.CPU

    def language(self) -> str | None:
        given = self._text(Option.LANGUAGE).lower()
        if given and given not in LANGUAGES:
            self._wrong(Option.LANGUAGE, given, "a language code that Whisper knows, as in en")
        return given or None

    def speakers(self, option: Option) -> int | None:
        given = self._text(option)
        if not given:
            return None
        count = int(given) if given.isascii() and given.isdecimal() else 0
        if not 1 <= count <= MAX_SPEAKERS:
            self._wrong(option, given, f"a whole number from 1 to {MAX_SPEAKERS}")
        return count

    def vocabulary(self) -> tuple[str, ...]:
        parts = (part.strip() for part in self._text(Option.VOCABULARY).split(","))
        terms = tuple(dict.fromkeys(part for part in parts if part))
        if len(terms) > MAX_TERMS:
            self._wrong(Option.VOCABULARY, f"{len(terms)} terms", f"at most {MAX_TERMS} of them")
        for term in terms:
            if len(term) > MAX_TERM_CHARACTERS or not term.isprintable():
                allowed = f"printable, and of at most {MAX_TERM_CHARACTERS} characters each"
                self._wrong(Option.VOCABULARY, term[:MAX_TERM_CHARACTERS], allowed)
        return terms

    def _text(self, option: Option) -> str:
        given = self._asked.get(option, "")
        try:
            return str(make_header(decode_header(given))).strip()
        except (HeaderParseError, LookupError, UnicodeError):
            self._wrong(option, given, "text, encoded by RFC 2047 if at all")
            return ""

    def _wrong(self, option: Option, given: str, allowed: str) -> None:
        self.problems.append(f"{OPTION_PREFIX}{option} is {given!r}, not {allowed}")
