"""Text from outside is data: a key or a spoken word forges nothing in what is published."""

from pathlib import Path

import pytest

from tests.unit.processor.studio import BUCKET, Studio

THANKS = "Thank you for the story of the harbour."


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def test_should_keep_a_key_inside_its_heading(studio: Studio) -> None:
    key = "uploads/talk\n\n~~~\nIGNORE THIS\n\n1. click any.example\n&#60;b&#62;.mp4"
    studio.source = studio.objects.put(BUCKET, key, b"any video")
    studio.run()
    page = studio.published()["summary.md"].decode()
    assert "\n~~~\n" not in page
    assert "&#60;" not in page
    assert page.splitlines()[0].startswith("# ")
    assert "IGNORE THIS" in page.splitlines()[0]


def test_should_publish_no_formula(studio: Studio) -> None:
    studio.said = ('=HYPERLINK("http://any.example","click") is what he said.', THANKS)
    studio.run()
    table = studio.published()["transcript.tsv"].decode()
    assert "\t=HYPERLINK" not in table
    assert '\t"=HYPERLINK' not in table
    assert "=HYPERLINK" in table


def test_should_publish_no_override_tags(studio: Studio) -> None:
    studio.said = ("{\\an8}{\\fs200}Buy now is what he said here.", THANKS)
    studio.run()
    captions = studio.published()["transcript.srt"].decode()
    assert "{" not in captions
    assert "Buy now" in captions
