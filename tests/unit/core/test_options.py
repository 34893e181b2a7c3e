"""What an upload may ask for, and that no wish is silently ignored."""

import json
from contextlib import suppress
from email.header import Header
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.contract import Channels, Compute, LeaveOut, Option, Quality, SceneModel
from runtime.core.option_schema import (
    LANGUAGES,
    MAX_SPEAKERS,
    MAX_TERM_CHARACTERS,
    MAX_TERMS,
    options_schema,
)
from runtime.core.options import (
    DEFAULT_OPTIONS,
    JobOptions,
    OptionsRefusedError,
    json_of,
    metadata_of,
    options_of_json,
    parse_options,
)
from tests.unit.core.option_choices import CHOICES

VALIDATOR = jsonschema.Draft202012Validator(options_schema())


def test_should_take_the_usual_where_nothing_is_asked() -> None:
    assert parse_options({}) == DEFAULT_OPTIONS
    assert parse_options({"other": "any", "lifestream": "any"}) == DEFAULT_OPTIONS


def test_should_read_all_that_can_be_asked() -> None:
    assert parse_options(
        {
            "lifestream-compute": "gpu",
            "lifestream-language": "de",
            "lifestream-min-speakers": "2",
            "lifestream-max-speakers": "4",
            "lifestream-vocabulary": "Anna Weber, Rheinhafen,,Anna Weber",
            "lifestream-quality": "best",
            "lifestream-audio-track": "ENG",
            "lifestream-channels": "separate",
            "lifestream-leave-out": "scenes, player-audio",
            "lifestream-scene-model": "transnetv2",
            "lifestream-summary-kind": "Meeting",
            "lifestream-summary-language": "fr",
            "lifestream-keep-days": "30",
            "lifestream-translate": "EN",
        }
    ) == JobOptions(
        compute=Compute.GPU,
        languages=("de",),
        min_speakers=2,
        max_speakers=4,
        vocabulary=("Anna Weber", "Rheinhafen"),
        quality=Quality.BEST,
        audio_track="eng",
        channels=Channels.SEPARATE,
        leave_out=(LeaveOut.SCENES, LeaveOut.PLAYER_AUDIO),
        scene_model=SceneModel.TRANSNETV2,
        summary_kind="meeting",
        summary_language="fr",
        keep_days=30,
        translate="en",
    )


def test_should_forgive_case_blanks_and_empty_fields_of_a_form() -> None:
    asked = {"Lifestream-Language": " EN ", "lifestream-compute": "", "lifestream-vocabulary": " "}
    assert parse_options(asked) == JobOptions(languages=("en",))


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_should_read_the_encoded_form_that_s3_gives_to_other_letters(charset: str) -> None:
    encoded = Header("Grüße, Zoë", charset).encode()
    assert encoded.isascii()
    assert parse_options({"lifestream-vocabulary": encoded}).vocabulary == ("Grüße", "Zoë")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("compute", "tpu", "'tpu', not one of cpu, gpu"),
        ("language", "english", "'english', not a language code"),
        ("language", "en-US", "'en-us', not a language code"),
        ("min-speakers", "two", "'two', not a whole number from 1 to"),
        ("min-speakers", "0", "'0', not a whole number from 1 to"),
        ("max-speakers", str(MAX_SPEAKERS + 1), f"from 1 to {MAX_SPEAKERS}"),
        ("max-speakers", "²", "not a whole number"),
        ("max-speakers", "1.5", "not a whole number"),
        ("vocabulary", "x" * (MAX_TERM_CHARACTERS + 1), "at most 60 characters"),
        ("vocabulary", "a\x07b", "printable"),
        ("vocabulary", ",".join(str(n) for n in range(MAX_TERMS + 1)), "101 terms"),
        ("vocabulary", "=?no-such-charset?Q?any?=", "RFC 2047"),
        ("vocabulary", "=?utf-8?Q?=FF?=", "RFC 2047"),
        ("language", "de,xx", "'xx', not a language code"),
        ("quality", "superb", "'superb', not one of fast, balanced, best"),
        ("audio-track", "0", "'0', not a number from 1"),
        ("leave-out", "words", "'words', not one of speakers, scenes"),
        ("summary-kind", "a meeting", "'a meeting', not a kind of recording"),
        ("summary-language", "french", "'french', not a language code"),
        ("translate", "de", "'de', not one of en"),
        ("keep-days", "0", "'0', not a whole number from 1 to 3650"),
        ("speakers", "2", "there is no option lifestream-speakers, only lifestream-compute"),
    ],
)
def test_should_refuse_what_is_not_understood(name: str, value: str, said: str) -> None:
    with pytest.raises(OptionsRefusedError) as refusal:
        parse_options({f"lifestream-{name}": value})
    assert refusal.value.code == "options.invalid"
    assert f"lifestream-{name}" in refusal.value.summary
    assert said in refusal.value.summary


def test_should_refuse_bounds_that_exclude_each_other() -> None:
    with pytest.raises(OptionsRefusedError, match="at least 3 and at most 2 speakers"):
        parse_options({"lifestream-min-speakers": "3", "lifestream-max-speakers": "2"})
    assert parse_options({"lifestream-min-speakers": "2", "lifestream-max-speakers": "2"})


def test_should_name_all_that_is_wrong_at_once() -> None:
    with pytest.raises(OptionsRefusedError) as refusal:
        parse_options({"lifestream-language": "xx", "lifestream-colour": "any"})
    assert "lifestream-language" in refusal.value.summary
    assert "lifestream-colour" in refusal.value.summary


def test_should_know_the_languages_that_every_whisper_model_knows() -> None:
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    only_in_the_largest = {"yue"}
    assert set(tokenizer._LANGUAGE_CODES) - only_in_the_largest == LANGUAGES


def test_should_take_several_languages() -> None:
    assert parse_options({"lifestream-language": "fr, en"}).languages == ("fr", "en")


@given(CHOICES)
def test_should_mean_the_same_in_metadata_and_in_json(options: JobOptions) -> None:
    metadata = metadata_of(options)
    assert "".join(metadata.values()).isascii()
    assert parse_options(metadata) == options
    document = json.loads(json.dumps(json_of(options)))
    assert options_of_json(document) == options
    VALIDATOR.validate(document)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"languages": ["de"]}, "there is no option languages, only compute, language"),
        ({"min_speakers": "two"}, "min_speakers is 'two', not a whole number from 1 to 32"),
        ({"min_speakers": True}, "min_speakers is True, not a whole number"),
        ({"vocabulary": 7}, "vocabulary is 7, not a list"),
        ({"audio_track": ["1"]}, "audio_track is ['1'], not text"),
    ],
)
def test_should_refuse_json_that_is_not_understood(document: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionsRefusedError) as refusal:
        options_of_json(document)
    assert said in refusal.value.summary
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, options_schema())


def test_should_read_a_text_of_json_as_a_list() -> None:
    assert options_of_json({"language": "de", "channels": None}) == JobOptions(languages=("de",))


NAMES = st.sampled_from([*Option, "x"])
METADATA = st.dictionaries(NAMES.map("lifestream-{}".format), st.text() | st.integers().map(str))


@given(METADATA)
def test_should_parse_or_refuse_whatever_is_given(metadata: dict[str, str]) -> None:
    with suppress(OptionsRefusedError):
        assert set(parse_options(metadata).languages) <= LANGUAGES
