"""Results without personal data, beside the others: made on request, whole or not at all."""

from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Redact
from runtime.core.errors import Permanent
from runtime.core.options import JobOptions
from runtime.redaction import results
from tests.unit.processor.studio import SAID, Studio, raising

CARD = "4111 1111 1111 1111"


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path, said=(f"My card is {CARD} as you know.", *SAID))


def made(studio: Studio, redact: Redact | None, *vocabulary: str) -> dict[str, bytes]:
    studio.options = JobOptions(redact=redact, vocabulary=vocabulary)
    assert studio.run() is ExitCode.SUCCESS
    return {name: data for name, data in studio.published().items() if "redacted/" in name}


def codes(studio: Studio) -> set[str]:
    return {warning["code"] for warning in studio.summary()["warnings"]}


def test_should_make_none_unless_asked(studio: Studio) -> None:
    assert made(studio, None) == {}


def test_should_make_every_document_once_more(studio: Studio) -> None:
    found = made(studio, Redact.TEXT, "harbour")
    assert {name.removeprefix("redacted/") for name in found} == {
        *("summary.json", "summary.md", "transcript.json", "transcript.txt", "transcript.tsv"),
        *("transcript.srt", "transcript.vtt", "transcript.docx", "chapters.vtt"),
    }
    whole = b"".join(found.values())
    assert b"4111" not in whole
    assert b"harbour" not in whole.replace(b"Harbour talk.mp4", b"")
    assert b"[card]" in found["redacted/transcript.vtt"]
    assert CARD.encode() in studio.published()["transcript.txt"], "the others stay as they are"
    assert studio.muted == []


def test_should_bleep_the_sound_on_request(studio: Studio) -> None:
    found = made(studio, Redact.SOUND)
    assert found["redacted/audio.m4a"] == b"any sound"
    ((stretch,),) = [each for each in studio.muted if each is not None]
    assert 0 < stretch.seconds < 10


@pytest.mark.parametrize("redact", Redact)
def test_should_publish_nothing_of_it_where_it_fails(
    studio: Studio, redact: Redact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "redacted", lambda *_args, **_kwargs: raising_value())
    assert made(studio, redact) == {}
    assert "redaction.failed" in codes(studio)
    assert CARD.encode() not in str(studio.log.lines).encode()


def raising_value() -> None:
    raise ValueError(f"a message that quotes {CARD}")


def test_should_publish_no_document_where_the_sound_fails(studio: Studio) -> None:
    studio.when_muted = raising(Permanent("any.code", "Any.", "Any."))
    assert made(studio, Redact.SOUND) == {}
    assert "redaction.failed" in codes(studio)
