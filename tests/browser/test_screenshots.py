from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.fake_service import FakeService
from tests.browser.screenshots import DOCUMENTED, PICTURES, take
from tests.browser.showcase import fill

pytestmark = pytest.mark.browser

LARGEST_BYTES = 150_000


def test_the_documents_pictures_can_be_taken_again(
    browser: Browser, service: FakeService, address: str, tmp_path: Path
) -> None:
    ids = fill(service, tmp_path / "showcase")
    made = take(browser, address, ids, DOCUMENTED[-2:], tmp_path / "pictures")
    assert {shot.name for shot in DOCUMENTED} == {path.stem for path in PICTURES.glob("web-*")}
    for picture in (*made, *PICTURES.glob("web-*")):
        assert 5_000 < picture.stat().st_size < LARGEST_BYTES
