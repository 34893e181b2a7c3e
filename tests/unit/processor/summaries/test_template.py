import json

import pytest

from runtime.core.summary import SectionName
from runtime.processor.summaries.template import (
    TITLES,
    TemplateError,
    built_in_templates,
    guess_kind,
    templates_of,
)
from tests.unit.processor.builders import ANNA, BEN, sentence

OWN = {
    "name": "sermon",
    "description": "a sermon",
    "tone": "solemn",
    "length": 0.5,
    "sections": ["overview", "quotes"],
}


def test_should_know_five_kinds() -> None:
    assert list(templates_of("")) == ["meeting", "interview", "lecture", "podcast", "call"]


def test_should_have_a_heading_for_every_section() -> None:
    assert set(TITLES) == set(SectionName)


def test_should_add_and_replace_templates() -> None:
    call = {**OWN, "name": "call"}
    templates = templates_of(json.dumps([OWN, call]))
    assert templates["sermon"].sections == (SectionName.OVERVIEW, SectionName.QUOTES)
    assert templates["call"].tone == "solemn"


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ("{", "JSON"),
        ("{}", "list"),
        (json.dumps([{**OWN, "colour": "red"}]), "fields"),
        (json.dumps([{**OWN, "sections": ["gossip"]}]), "gossip"),
        (json.dumps([{**OWN, "sections": []}]), "none"),
    ],
)
def test_should_refuse_what_is_no_template(added: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        templates_of(added)


@pytest.mark.parametrize(
    ("words_by_speaker", "kind"),
    [
        ({}, "lecture"),
        ({ANNA: 90, BEN: 10}, "lecture"),
        ({ANNA: 70, BEN: 30}, "interview"),
        ({ANNA: 50, BEN: 50}, "call"),
        ({ANNA: 40, BEN: 30, "SPEAKER_02": 30}, "meeting"),
    ],
)
def test_should_guess_the_kind_by_who_speaks(words_by_speaker: dict[str, int], kind: str) -> None:
    said = [
        sentence("word " * count, speaker=speaker) for speaker, count in words_by_speaker.items()
    ]
    assert guess_kind(said) == kind


def test_should_begin_every_summary_with_an_overview() -> None:
    assert {template.sections[0] for template in built_in_templates()} == {SectionName.OVERVIEW}
