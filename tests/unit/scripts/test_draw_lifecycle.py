from runtime.core.jobs import ENDED, TRANSITIONS
from scripts import draw_lifecycle


def test_should_find_the_page_as_the_code_draws_it() -> None:
    page = draw_lifecycle.PAGE.read_text()
    assert draw_lifecycle.redrawn(page) == page, "run: python scripts/draw_lifecycle.py"


def test_should_draw_every_transition() -> None:
    count = sum(len(targets) for targets in TRANSITIONS.values())
    assert draw_lifecycle.drawing().count("-->") == count + len(ENDED) + 2
