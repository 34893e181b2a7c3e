from runtime.core.jobs import ENDED, TRANSITIONS
from scripts import lifecycle_diagram


def test_should_find_the_page_as_the_code_draws_it() -> None:
    page = lifecycle_diagram.PAGE.read_text()
    assert lifecycle_diagram.redrawn(page) == page, "run: python -m scripts.lifecycle_diagram"


def test_should_draw_every_transition() -> None:
    count = sum(len(targets) for targets in TRANSITIONS.values())
    assert lifecycle_diagram.drawing().count("-->") == count + len(ENDED) + 2
