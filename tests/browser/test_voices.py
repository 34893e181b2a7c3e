"""Known voices in the pages: remembered with consent, proposed, forgotten."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import axe_violations
from tests.browser.fake_service import FakeService

pytestmark = pytest.mark.browser

SPEAKER = "SPEAKER_00"
HOSTILE = "Ada <img src=x onerror=alert(1)>"


def name(service: FakeService, job_id: str, text: str) -> None:
    """Name the first speaker, as corrections do."""
    folder = service.recordings[job_id].results
    assert folder is not None
    summary = json.loads((folder / "summary.json").read_text())
    summary["speakers"][0]["name"] = text
    (folder / "summary.json").write_text(json.dumps(summary))
    service.voices.named[job_id] = {SPEAKER: text}


def test_a_voice_is_remembered_with_consent_and_forgotten(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    service.voices.enabled = True
    name(service, talk, HOSTILE)
    page.goto(f"{address}/recordings/{talk}")
    page.wait_for_selector("body[data-ready]")
    page.get_by_label("More about this recording").click()
    page.get_by_role("link", name="Voices").click()
    people = page.locator(".people > li")
    expect(people).to_have_count(3)
    consent = people.first.get_by_label("Who agreed, and how is it known?")
    consent.press("Enter")  # Nothing is sent without an answer.
    assert service.voices.samples == []
    consent.fill("Ada, signed form")
    consent.press("Enter")
    expect(people.first).to_contain_text("Remembered since")
    expect(people.first).to_contain_text("Ada, signed form")
    page.goto(address)
    page.get_by_role("link", name="Voices").click()
    person = page.locator(".people > li")
    expect(person.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(person).to_contain_text("talk.mp4")
    expect(person).to_contain_text("Ada, signed form")
    person.get_by_text("Forget", exact=False).first.click()
    person.get_by_role("button", name="Forget this voice").click()
    expect(page.get_by_text("No voice is remembered.")).to_be_visible()
    assert service.voices.samples == []


def test_unnamed_voices_are_proposed_or_named_first_and_refusals_say_why(
    service: FakeService, page: Page, address: str, talk: str, complaints: list[str]
) -> None:
    service.voices.enabled = True
    service.voices.heard[SPEAKER] = 2.0
    proposal = {"speaker": "SPEAKER_01", "name": "Ben", "confidence": 0.93, "similarity": 0.9}
    service.voices.proposals[talk] = [{**proposal, "profile": "any"}]
    name(service, talk, "Ada")
    page.goto(f"{address}/recordings/{talk}/voices")
    people = page.locator(".people > li")
    expect(people.nth(1)).to_contain_text("Sounds like Ben (similarity 0.90)")
    expect(people.nth(1).get_by_role("button", name="Yes, name Ben")).to_be_visible()
    expect(people.nth(2).get_by_role("button", name="Name", exact=True)).to_be_visible()
    people.first.get_by_label("Who agreed, and how is it known?").fill("Ada, in writing")
    people.first.get_by_role("button", name="Remember").click()
    expect(people.first.get_by_role("alert")).to_contain_text("less than 5 s alone")
    complaints[:] = [line for line in complaints if "422" not in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_voices_are_accessible_and_fit_small_screens(
    service: FakeService, page: Page, address: str, talk: str, theme: str
) -> None:
    service.voices.enabled = True
    name(service, talk, "Ada")
    given = {"job_id": talk, "speaker": SPEAKER, "consented_by": "Ada, " + "W" * 90}
    times = {"seconds": 30.0, "consented_at": 1e9, "enrolled_at": 1e9}
    service.voices.samples += [
        {**given, **times, "profile": f"{n}", "name": person}
        for n, person in enumerate(("Ada", "Ben " + "W" * 90))
    ]
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/voices", f"/recordings/{talk}/voices"):
        page.goto(f"{address}{path}")
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_no_page_offers_voices_where_the_environment_knows_none(
    talk: str, page: Page, address: str, complaints: list[str]
) -> None:
    expect(page.get_by_role("link", name="Voices")).to_have_count(0)
    page.goto(f"{address}/recordings/{talk}")
    page.get_by_label("More about this recording").click()
    expect(page.get_by_role("link", name="Voices")).to_have_count(0)
    page.goto(f"{address}/voices")
    expect(page.get_by_text("This environment knows no voices.")).to_be_visible()
    complaints[:] = [line for line in complaints if "409" not in line]
