"""Pages that are made of the templates are of these templates."""

from collections.abc import Mapping

from scripts.cost.__main__ import PAGE, page
from tests.infra.templates import Deployment


def test_should_find_the_cost_page_as_the_templates_make_it(
    deployments: Mapping[str, Deployment],
) -> None:
    made = page({name: list(each.stacks.values()) for name, each in deployments.items()})

    assert PAGE.read_text() == made, "run: make docs"
