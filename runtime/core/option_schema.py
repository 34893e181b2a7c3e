"""The schema of a job's options, one for the upload's metadata and for JSON documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.core.contract import Channels, Compute, LeaveOut, Option, Quality, Redact, SceneModel
from runtime.core.option_values import Schema

MAX_SPEAKERS = 32
MAX_TERMS = 100
MAX_TERM_CHARACTERS = 60
MAX_LANGUAGES = 8
MAX_KEEP_DAYS = 3650

_SPEAKERS = {"type": "integer", "minimum": 1, "maximum": MAX_SPEAKERS}

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
class OptionSpec:
    """The field of `JobOptions` that an option sets, and the JSON Schema of its value."""

    field: str
    schema: Schema


def _spec(field: str, description: str, **schema: Any) -> OptionSpec:
    return OptionSpec(field=field, schema={"description": description, **schema})


OPTIONS: dict[Option, OptionSpec] = {
    Option.COMPUTE: _spec("compute", "What the job runs on.", enum=list(Compute)),
    Option.LANGUAGE: _spec(
        "languages",
        "Codes of the languages that are spoken. One is taken as given, several restrict the "
        "detection for each sentence, none detects any language.",
        type="array",
        items={
            "enum": sorted(LANGUAGES),
            "x-allowed": "a language code that Whisper knows, as in en",
        },
        maxItems=MAX_LANGUAGES,
    ),
    Option.MIN_SPEAKERS: _spec("min_speakers", "At least so many speakers.", **_SPEAKERS),
    Option.MAX_SPEAKERS: _spec("max_speakers", "At most so many speakers.", **_SPEAKERS),
    Option.VOCABULARY: _spec(
        "vocabulary",
        "Names and terms to expect.",
        type="array",
        items={"type": "string", "maxLength": MAX_TERM_CHARACTERS},
        maxItems=MAX_TERMS,
    ),
    Option.QUALITY: _spec(
        "quality",
        "How much time recognition may take for better words.",
        enum=list(Quality),
    ),
    Option.AUDIO_TRACK: _spec(
        "audio_track",
        "The audio track to process: a number from 1, or a language code of the file.",
        type="string",
        maxLength=3,
        pattern="^([1-9][0-9]?|[a-z]{2,3})$",
        **{"x-allowed": "a number from 1 or a language code of two or three letters"},
    ),
    Option.CHANNELS: _spec(
        "channels",
        "`mix` adds the channels up, `separate` takes each for a speaker, `auto` looks at them.",
        enum=list(Channels),
    ),
    Option.LEAVE_OUT: _spec(
        "leave_out",
        "Parts of the results that are not made.",
        type="array",
        items={"enum": list(LeaveOut)},
        maxItems=len(LeaveOut),
    ),
    Option.SCENE_MODEL: _spec("scene_model", "The detector of scenes.", enum=list(SceneModel)),
    Option.SUMMARY_KIND: _spec(
        "summary_kind",
        "The kind of recording, which decides what its summary has: meeting, interview, lecture, "
        "podcast, call, or one that the environment adds. Guessed if not given.",
        type="string",
        maxLength=30,
        pattern="^[a-z][a-z0-9_-]*$",
        **{"x-allowed": "a kind of recording in lower case, as in meeting"},
    ),
    Option.SUMMARY_LANGUAGE: _spec(
        "summary_language",
        "The code of the language in which a model writes the summary; that of the recording if "
        "not given. Quotes stay in their own.",
        enum=sorted(LANGUAGES),
        **{"x-allowed": "a language code, as in en"},
    ),
    Option.TRANSLATE: _spec(
        "translate",
        "Write the transcript, and all that is made of it, in English, whatever is spoken.",
        enum=["en"],
    ),
    Option.KEEP_DAYS: _spec(
        "keep_days",
        "The upload and its results are erased so many days after the job ended; the environment "
        "decides if not given.",
        type="integer",
        minimum=1,
        maximum=MAX_KEEP_DAYS,
    ),
    Option.REDACT: _spec(
        "redact",
        "Whether the results are made a second time without personal data: `text` for the "
        "documents, `sound` for these and the sound with bleeps. Not if not given.",
        enum=list(Redact),
    ),
}

JSON_NAMES = {option: str(option).replace("-", "_") for option in OPTIONS}
"""The name of each option in JSON documents."""


def options_schema() -> dict[str, Any]:
    """Return the JSON Schema of an object of options; its names are those of `JSON_NAMES`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Options of a job",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            JSON_NAMES[option]: _published(spec.schema) for option, spec in OPTIONS.items()
        },
    }


def _published(schema: Schema) -> dict[str, Any]:
    """Return a schema without the keyword that only messages need."""
    return {
        key: _published(value) if isinstance(value, Mapping) else value
        for key, value in schema.items()
        if key != "x-allowed"
    }
