import re

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, expect

from tests.browser.conftest import axe_violations, until, watch
from tests.browser.dead_letters import COMMAND
from tests.browser.fake_service import PART_SIZE, FakeService
from tests.browser.recordings import HOSTILE

pytestmark = pytest.mark.browser


def dropped(page: Page, name: str, size: int, kind: str = "video/mp4") -> None:
    page.wait_for_selector("body[data-ready]")
    page.evaluate(
        """([name, size, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(size)], name, { type, lastModified: 1 }));
            const init = { dataTransfer: transfer, bubbles: true };
            document.body.dispatchEvent(new DragEvent("drop", init));
        }""",
        [name, size, kind],
    )


@pytest.mark.usefixtures("service")
def test_an_empty_list_teaches_how_it_works(page: Page) -> None:
    expect(page.get_by_role("heading", name="Drop a recording here")).to_be_visible()
    expect(page.get_by_role("list", name="How it works").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_label("Search recordings")).to_be_hidden()


def test_a_dropped_recording_is_uploaded_and_followed_to_the_player(
    service: FakeService, page: Page, talk: str
) -> None:
    finished = service.recordings.pop(talk)
    page.get_by_text("Options", exact=False).first.click()
    page.get_by_label("Spoken language").select_option("de")
    page.get_by_label("Names and terms to expect").fill("Dashwood, Norland")
    dropped(page, "talk.mp4", PART_SIZE + 10)

    row = page.locator(".row", has_text="talk.mp4")
    expect(row).to_contain_text("Waiting")
    (upload,) = service.confirmed
    assert upload["options"] == {"language": ["de"], "vocabulary": ["Dashwood", "Norland"]}
    assert [part["number"] for part in upload["parts"]] == [1, 2]
    assert len(service.parts[upload["upload_id"], 2]) == 10

    job_id = next(iter(service.recordings))
    stages = [{"name": "transcribe", "state": "running", "progress": 0.5, "seconds": None}]
    service.change(job_id, state="RUNNING", stage="transcribe", progress=0.4, stages=stages)
    expect(row).to_contain_text("40 %")
    row.get_by_role("link").click()
    expect(page.get_by_text("Write down what is said")).to_be_visible()
    service.recordings[job_id].partial = [{"text": "First words.", "start_seconds": 3}]
    service.change(job_id, progress=0.6)
    expect(page.get_by_text("60 %")).to_be_visible()

    ready = service.recordings[job_id]
    ready.results, ready.media = finished.results, finished.media
    service.change(job_id, state="SUCCEEDED", duration_seconds=60, thumbnail=True)
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    expect(page.locator("body[data-ready]")).to_be_attached()


def test_words_appear_as_they_are_recognised(
    service: FakeService, page: Page, address: str
) -> None:
    job_id = service.add({"name": "a.mp4", "state": "RUNNING"})
    service.recordings[job_id].partial = [{"text": "First <b>words</b>.", "start_seconds": 63}]
    page.goto(f"{address}/recordings/{job_id}")
    expect(page.locator("[data-partial]")).to_contain_text("1:03 First <b>words</b>.")


def test_a_file_that_is_no_recording_is_refused_before_a_byte_is_sent(
    service: FakeService, page: Page
) -> None:
    dropped(page, "notes.pdf", 20, "application/pdf")
    dropped(page, "empty.mp4", 0)
    expect(page.get_by_role("alert")).to_have_count(2)
    expect(page.get_by_role("alert").first).to_contain_text("neither video nor sound")
    assert service.uploads == {}
    assert service.confirmed == []


def test_a_refused_upload_says_why_and_what_to_do(
    service: FakeService, page: Page, complaints: list[str]
) -> None:
    refusal = {"status": 413, "code": "upload.too_large", "title": "Too large"}
    service.refuse_uploads = {**refusal, "detail": "It is too large.", "remedy": "Cut it in two."}
    dropped(page, "talk.mp4", 100)
    expect(page.get_by_role("alert")).to_contain_text("It is too large. Cut it in two.")
    service.refuse_uploads = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".row", has_text="talk.mp4")).to_be_visible()
    # The browser itself reports the answer 413.
    complaints[:] = [line for line in complaints if "413" not in line]


def test_an_upload_continues_after_the_page_was_killed(
    service: FakeService, page: Page, context: BrowserContext, address: str, complaints: list[str]
) -> None:
    service.parts_before_wait = 1
    service.may_store.clear()
    dropped(page, "long.mp4", 2 * PART_SIZE + 7)
    upload = page.locator(".upload", has_text="long.mp4")
    expect(upload).to_contain_text("MB of")
    until(page, "localStorage.getItem('lifestream-uploads')?.includes('long.mp4')")
    (name,) = service.uploads
    while not service.parts:
        page.wait_for_timeout(10)
    sent = set(service.parts)
    page.close(run_before_unload=False)
    service.may_store.set()

    again = context.new_page()
    watch(again, complaints)
    again.goto(address)
    expect(again.locator(".upload", has_text="long.mp4")).to_contain_text("Interrupted at")
    service.parts = {key: body for key, body in service.parts.items() if key in sent}
    kept = {key: id(body) for key, body in service.parts.items()}
    dropped(again, "long.mp4", 2 * PART_SIZE + 7)
    expect(again.locator(".row", has_text="long.mp4")).to_be_visible()
    assert [item["upload_id"] for item in service.confirmed] == [name]
    assert {number for _, number in service.parts} == {1, 2, 3}
    assert {key: id(service.parts[key]) for key in kept} == kept, "a present part was sent again"


def test_an_upload_pauses_and_continues(service: FakeService, page: Page) -> None:
    service.parts_before_wait = 0
    service.may_store.clear()
    dropped(page, "long.mp4", PART_SIZE + 7)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".upload")).to_contain_text("Paused")
    service.may_store.set()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".row", has_text="long.mp4")).to_be_visible()


@pytest.mark.usefixtures("service")
def test_a_link_is_fetched_or_refused_beside_its_field(page: Page, complaints: list[str]) -> None:
    field = page.get_by_label("Link to a recording")
    field.fill("https://example.org/refused")
    field.press("Enter")
    until(page, "document.querySelector('#link').validationMessage !== ''")
    assert "leads to no recording" in field.evaluate("field => field.validationMessage")
    field.fill("https://example.org/talk.mp4")
    field.press("Enter")
    expect(page.locator(".toast")).to_contain_text("being fetched")
    complaints[:] = [line for line in complaints if "422" not in line]


def test_the_list_is_searched_filtered_and_paged(
    service: FakeService, page: Page, address: str
) -> None:
    for number in range(30):
        state = "FAILED" if number % 10 == 0 else "SUCCEEDED"
        service.add({"name": f"lecture-{number:02}.mp4", "state": state})
    page.goto(address)
    rows = page.locator(".row")
    expect(rows).to_have_count(24)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(30)
    page.get_by_label("Search recordings").fill("lecture-1")
    expect(rows).to_have_count(10)
    page.get_by_text("Failed", exact=True).first.click()
    expect(rows).to_have_count(1)
    assert "state=FAILED" in page.url
    page.get_by_label("Search recordings").fill("nothing")
    expect(page.get_by_text("No recording matches.")).to_be_visible()


def test_the_list_is_sorted_by_name_and_length_and_says_what_it_leaves_out(
    service: FakeService, page: Page, address: str
) -> None:
    for name, seconds in (("week 10", 60), ("Week 9", 7200), ("arrival", None), ("zoo", 61)):
        service.add({"name": name, "state": "SUCCEEDED", "duration_seconds": seconds})
    page.goto(address)
    titles = page.locator(".row h3")
    for order, wanted in (
        ("By name", ["arrival", "Week 9", "week 10", "zoo"]),
        ("Longest first", ["Week 9", "zoo", "week 10", "arrival"]),
        ("Shortest first", ["week 10", "zoo", "Week 9", "arrival"]),
        ("Newest first", ["week 10", "Week 9", "arrival", "zoo"]),
    ):
        page.get_by_role("combobox", name="Order").select_option(label=order)
        expect(titles).to_have_text(wanted)
    for number in range(250):
        service.add({"name": f"take {number}", "state": "SUCCEEDED"})
    page.get_by_role("combobox", name="Order").select_option(label="By name")
    expect(page.get_by_text("your newest 200 recordings")).to_be_visible()
    expect(titles).to_have_count(200)
    page.get_by_label("Search recordings").fill("take 10")
    expect(titles).to_have_count(11)
    expect(page.get_by_text("your newest")).to_have_count(0)


def test_hostile_names_are_text_everywhere(
    service: FakeService, page: Page, address: str, complaints: list[str]
) -> None:
    error = {"code": "media.broken", "message": "<img src=x onerror=alert(2)>", "remedy": HOSTILE}
    job_id = service.add({"name": HOSTILE, "state": "FAILED", "error": error})
    service.dead_letters.add(service.recordings[job_id].job)
    service.dead_letters.add(problem=HOSTILE, concerns=[], kind=None)

    def alerted(dialog: Dialog) -> None:
        complaints.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", alerted)
    for path in ("/", f"/recordings/{job_id}", "/operator"):
        page.goto(f"{address}{path}")
        expect(page.get_by_text("\\u202eevil<script>alert(1)</script>").first).to_be_visible()
        assert "\u202e" not in page.content().split("<main", 1)[1].split(HOSTILE[4:9])[0]
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{path} is {width} pixels too wide"


def test_a_failed_job_says_what_to_do_and_runs_again(
    service: FakeService, page: Page, address: str
) -> None:
    error = {"code": "media.broken", "message": "It is cut off.", "remedy": "Upload it again."}
    job_id = service.add({"name": "cut.mp4", "state": "FAILED", "error": error})
    page.goto(f"{address}/recordings/{job_id}")
    expect(page.get_by_role("alert")).to_contain_text("It is cut off.")
    expect(page.get_by_role("alert")).to_contain_text("Upload it again.")
    expect(page.get_by_role("link", name="Upload another file")).to_have_attribute("href", "/")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("It begins when a worker is free.")).to_be_visible()
    expect(page.get_by_text("%")).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete this recording?")).to_be_visible()


def test_signing_out_ends_the_session(service: FakeService, page: Page) -> None:
    cookies = {item["name"]: item for item in page.context.cookies()}
    assert cookies["session"]["httpOnly"]
    assert cookies["session"]["sameSite"] == "Lax"
    page.get_by_label("Account", exact=True).last.click()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert service.identity.signed_out == 1
    assert "session" not in {item["name"] for item in page.context.cookies()}


def test_operators_see_queues_and_failures(service: FakeService, page: Page, address: str) -> None:
    job_id = service.add(
        {"name": "cut.mp4", "state": "FAILED", "error": {"code": "a.b", "message": "Cut."}}
    )
    page.goto(f"{address}/operator")
    expect(page.get_by_role("heading", name="CPU")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("cut.mp4"))).to_contain_text("a.b")
    expect(page.get_by_role("row", name=re.compile("2026-05-03"))).to_contain_text("$0.2107")
    letters = page.get_by_role("region", name="Dead letters").first
    expect(letters).to_contain_text("None. A message comes here")
    service.dead_letters.add(service.recordings[job_id].job)
    service.dead_letters.hidden = 2
    page.reload()
    page.get_by_role("link", name="dead letters").click()
    row = letters.get_by_role("row", name=re.compile("cut.mp4"))
    expect(row).to_contain_text("Cut.")
    expect(row.get_by_role("link")).to_have_attribute("href", f"/recordings/{job_id}")
    expect(letters).to_contain_text("1 of about 3 messages are shown")
    expect(letters.get_by_text(COMMAND)).to_be_visible()
    service.dead_letters.refused = {"status": 503, "title": "Busy", "detail": "SQS is throttled."}
    page.reload()
    expect(letters).to_contain_text("cannot be read now: SQS is throttled.")


def test_operators_change_and_pause_a_pool(service: FakeService, page: Page, address: str) -> None:
    page.goto(f"{address}/operator")
    page.get_by_label("At most").fill("9")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="CPU")).to_be_visible()
    saved, paused = service.pool_changes
    assert saved == {"min_tasks": 0, "max_tasks": 9}
    assert paused["paused"] is True


def test_others_do_not_see_the_operators_page(
    service: FakeService, page: Page, address: str, complaints: list[str]
) -> None:
    service.admin = False
    answer = page.goto(f"{address}/operator")
    assert answer is not None
    assert answer.status == 403
    complaints[:] = [line for line in complaints if "403" not in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(service: FakeService, page: Page, address: str, theme: str) -> None:
    error = {"code": "media.broken", "message": "It is cut off.", "remedy": "Upload it again."}
    failed = service.add({"name": "cut.mp4", "state": "FAILED", "error": error})
    service.dead_letters.add(service.recordings[failed].job)
    stages = [
        {"name": "fetch", "state": "done", "progress": None, "seconds": 3},
        {"name": "transcribe", "state": "running", "progress": 0.5, "seconds": None},
        {"name": "summarize", "state": "pending", "progress": None, "seconds": None},
    ]
    running = service.add(
        {"name": "a.mp4", "state": "RUNNING", "progress": 0.4, "stages": stages},
        partial=[{"text": "Words.", "start_seconds": 1}],
    )
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for path in (
        "/",
        f"/recordings/{failed}",
        f"/recordings/{running}",
        "/operator",
        "/signed-out",
    ):
        page.goto(f"{address}{path}")
        assert axe_violations(page) == [], path
