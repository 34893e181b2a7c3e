from dataclasses import replace
from pathlib import Path

import pytest

from local.images import Image, Images, repository_name


def image(prefix: str) -> Image:
    return Image(repository_prefix=prefix, python=Path("any-python"), code=Path("any-code"))


@pytest.mark.parametrize(
    "uri",
    [
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/processor-dev:v1",
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/processor-dev@sha256:0123",
        "localhost:5000/processor-dev:v1",
        "processor-dev:v1",
        "processor-dev",
    ],
)
def test_should_find_the_repository_name_in_any_form_of_image_uri(uri: str) -> None:
    assert repository_name(uri) == "processor-dev"


def test_should_keep_a_repository_name_that_has_slashes() -> None:
    assert repository_name("registry.example/team/processor:v1") == "team/processor"
    assert repository_name("team/processor:v1") == "team/processor"


def test_should_choose_the_longest_matching_prefix() -> None:
    images = Images((image("lifestream"), image("lifestream-processor"), image("other")))
    assert images.find("lifestream-processor-dev:v1") is images.images[1]
    assert images.find("lifestream-api-dev:v1") is images.images[0]


def test_should_find_nothing_for_a_repository_that_no_image_stands_for() -> None:
    assert Images((image("processor"),)).find("api:v1") is None


def test_should_read_back_what_it_wrote() -> None:
    images = Images(
        (
            image("plain"),
            Image(
                repository_prefix="full",
                python=Path("python"),
                code=Path("code"),
                environment={"MODELS_DIR": "models"},
                entry_point=("python", "-m"),
                command=("any",),
                own_ports=("ANY_PORT",),
            ),
        )
    )
    assert Images.from_json(images.to_json()) == images


@pytest.mark.parametrize(
    ("entry_point", "command", "whole"),
    [
        ((), (), ["python", "-m", "usual"]),
        ((), ("other",), ["python", "-m", "other"]),
        (("sh",), (), ["sh"]),
        (("sh", "-c"), ("true",), ["sh", "-c", "true"]),
    ],
)
def test_should_run_what_docker_would(
    entry_point: tuple[str, ...], command: tuple[str, ...], whole: list[str]
) -> None:
    given = replace(image("any"), entry_point=("python", "-m"), command=("usual",))
    assert given.whole_command(entry_point, command) == whole
