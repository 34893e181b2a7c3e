"""A job's options: one schema for the upload's metadata and for JSON documents."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any

from runtime.core.contract import (
    OPTION_PREFIX,
    Channels,
    Compute,
    LeaveOut,
    Option,
    Quality,
    Redact,
    SceneModel,
    SubmissionField,
)
from runtime.core.errors import Permanent
from runtime.core.option_schema import (
    JSON_NAMES,
    OPTIONS,
)
from runtime.core.option_values import (
    BadValueError,
    Schema,
    text_of_value,
    value_of_json,
    value_of_text,
)
from runtime.core.submission import header_text


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How to run a job. None and an empty tuple leave the choice to the environment.

    `languages` are codes of `LANGUAGES`: none detects any language, one is taken as given, several
    restrict the detection.
    """

    compute: Compute = Compute.CPU
    languages: tuple[str, ...] = ()
    min_speakers: int | None = None
    max_speakers: int | None = None
    vocabulary: tuple[str, ...] = ()
    quality: Quality | None = None
    audio_track: str | None = None
    channels: Channels = Channels.AUTO
    leave_out: tuple[LeaveOut, ...] = ()
    scene_model: SceneModel | None = None
    summary_kind: str | None = None
    summary_language: str | None = None
    keep_days: int | None = None
    translate: str | None = None
    redact: Redact | None = None


DEFAULT_OPTIONS = JobOptions()


class OptionsRefusedError(Permanent):
    """An upload's options are invalid or cannot be met; its job must fail with this reason."""


def parse_options(metadata: Mapping[str, str]) -> JobOptions:
    """Return the options in an object's user metadata; keys come without `x-amz-meta-`.

    A value may be encoded by RFC 2047, as S3 does with what is not ASCII; an empty one counts as
    not given. Raise `OptionsRefusedError` naming everything that is wrong at once.
    """
    reader = _Reader()
    given = {
        name.lower().removeprefix(OPTION_PREFIX): value
        for name, value in metadata.items()
        if name.lower().startswith(OPTION_PREFIX)
    }
    for name, text in given.items():
        reader.read(name, name, text, _value_of_metadata)
    reader.report_unknown(
        set(given) - {*Option, *SubmissionField}, [OPTION_PREFIX + option for option in Option]
    )
    return reader.options("The upload's metadata asks", _CORRECT_METADATA)


def options_of_json(document: Mapping[str, Any]) -> JobOptions:
    """Return the options in a JSON object by `options_schema`; null counts as not given.

    Raise `OptionsRefusedError` naming everything that is wrong at once.
    """
    reader = _Reader(prefix="")
    option_of = {name: option for option, name in JSON_NAMES.items()}
    for name, value in document.items():
        if value is not None:
            reader.read(option_of.get(name, ""), name, value, value_of_json)
    reader.report_unknown(set(document) - set(option_of), [*option_of])
    return reader.options("The request asks", "Correct the options and send the request again.")


def metadata_of(options: JobOptions) -> dict[str, str]:
    """Return the user metadata that `parse_options` reads as these options, all of it ASCII."""
    return {
        OPTION_PREFIX + option: header_text(text_of_value(value))
        for option, value in _given(options).items()
    }


def json_of(options: JobOptions) -> dict[str, Any]:
    """Return the JSON object that `options_of_json` reads as these options."""
    return {
        JSON_NAMES[option]: [*map(str, value)] if isinstance(value, tuple) else value
        for option, value in _given(options).items()
    }


def no_gpu() -> OptionsRefusedError:
    """Return the error of a job that asks for a GPU where the environment has none."""
    return OptionsRefusedError(
        "options.no_gpu",
        f"The upload asks for {OPTION_PREFIX}{Option.COMPUTE}={Compute.GPU}, but this environment "
        "has no GPU workers.",
        "Enable GPU workers in the environment file and deploy, or upload the file without that "
        "metadata; then retry the job.",
    )


_CORRECT_METADATA = (
    "Correct the metadata: upload the file again, or copy the object onto itself with other "
    "metadata, and retry the job."
)
_ENUMS: dict[str, type] = {
    Option.COMPUTE: Compute,
    Option.QUALITY: Quality,
    Option.CHANNELS: Channels,
    Option.SCENE_MODEL: SceneModel,
    Option.REDACT: Redact,
}


class _Reader:
    """Reads options one by one and collects their problems."""

    def __init__(self, *, prefix: str = OPTION_PREFIX) -> None:
        self._prefix = prefix
        self._problems: list[str] = []
        self._values: dict[str, Any] = {}

    def read(
        self, option: str, name: str, given: Any, convert: Callable[[Any, Schema], Any]
    ) -> None:
        """Read one option; unknown ones are left to `report_unknown`."""
        if option not in set(Option):
            return
        try:
            value = convert(given, OPTIONS[Option(option)].schema)
        except BadValueError as error:
            self._problems.append(f"{self._prefix}{name} is {error}")
            return
        if value is not None:
            self._values[OPTIONS[Option(option)].field] = _field_value(option, value)

    def report_unknown(self, names: set[str], known: list[str]) -> None:
        """Note names that are no options."""
        for name in sorted(names):
            self._problems.append(
                f"there is no option {self._prefix}{name}, only {', '.join(known)}"
            )

    def options(self, who: str, resolution: str) -> JobOptions:
        """Return what was read; raise `OptionsRefusedError`."""
        options = JobOptions(**self._values)
        problems = [*self._problems, *_contradictions(options)]
        if problems:
            raise OptionsRefusedError(
                "options.invalid",
                f"{who} for what is not understood: {'; '.join(problems)}.",
                resolution,
            )
        return options


def _contradictions(options: JobOptions) -> Iterator[str]:
    fewest, most = options.min_speakers, options.max_speakers
    if fewest is not None and most is not None and fewest > most:
        yield f"at least {fewest} and at most {most} speakers exclude each other"


def _value_of_metadata(text: str, schema: Schema) -> Any:
    try:
        decoded = str(make_header(decode_header(text))).strip()
    except (HeaderParseError, LookupError, UnicodeError) as error:
        raise BadValueError(text, "text, encoded by RFC 2047 if at all") from error
    return value_of_text(decoded, schema) if decoded else None


def _field_value(option: str, value: Any) -> Any:
    if option == Option.LEAVE_OUT:
        return tuple(LeaveOut(item) for item in value)
    if isinstance(value, list):
        return tuple(value)
    return _ENUMS[option](value) if option in _ENUMS else value


def _given(options: JobOptions) -> dict[Option, Any]:
    """Return the options that are not the default."""
    values = {option: getattr(options, spec.field) for option, spec in OPTIONS.items()}
    return {o: v for o, v in values.items() if v != getattr(DEFAULT_OPTIONS, OPTIONS[o].field)}
