"""Several recordings of the list at once."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import axe_violations
from tests.browser.fake_service import FakeService
from tests.browser.recordings import write_results

pytestmark = pytest.mark.browser


@pytest.fixture
def listed(service: FakeService, page: Page, address: str, tmp_path: Path) -> list[str]:
    """Two ready recordings of one title and a failed one, in the list."""
    ready = {"title": "A / meeting", "state": "SUCCEEDED"}
    ids = [
        service.add({"name": f"{n}.mp4", **ready}, results=write_results(tmp_path / f"{n}"))
        for n in range(2)
    ]
    error = {"code": "a.b", "message": "Cut."}
    ids.append(service.add({"name": "cut.mp4", "state": "FAILED", "error": error}))
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Select").click()
    return ids


def test_chosen_recordings_are_downloaded_in_one_archive(
    service: FakeService, page: Page, listed: list[str]
) -> None:
    for job_id in listed:
        page.locator(f"#job-{job_id}").click()  # Anywhere: nothing is opened while choosing.
    count = page.locator("[data-chosen-count]")
    expect(count).to_have_text("3 chosen")
    service.change(listed[0], title="A / meeting", speakers=7)
    expect(page.locator(f"#job-{listed[0]}")).to_contain_text("7 speakers")
    expect(count).to_have_text("3 chosen")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes())) as archive:
        assert archive.namelist() == ["A _ meeting.txt", "A _ meeting (2).txt", "left-out.txt"]
        assert b"Welcome." in archive.read("A _ meeting.txt")
        assert archive.read("left-out.txt").startswith(b"cut.mp4: ")


def test_chosen_recordings_are_deleted_after_a_question(
    service: FakeService, page: Page, listed: list[str]
) -> None:
    delete = page.get_by_role("button", name="Delete").first
    expect(delete).to_be_disabled()
    for job_id in listed[:2]:
        page.locator(f"#job-{job_id}").get_by_role("checkbox").check()
    delete.click()
    question = page.get_by_role("dialog", name="Delete 2 recordings?")
    question.get_by_role("button", name="Delete").click()
    expect(page.locator(".row")).to_have_count(1)
    assert list(service.recordings) == listed[2:]


@pytest.mark.usefixtures("listed")
def test_choosing_is_accessible_and_fits_small_screens(page: Page) -> None:
    page.get_by_role("checkbox").first.check()
    page.set_viewport_size({"width": 360, "height": 740})
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
