from collections.abc import Mapping
from pathlib import Path

from local.emulator.containers.task_environment import CONTAINER_TMP, container_environment
from local.images import Image

SCRATCH = Path("/state/tasks/1")
IMAGE = Image(
    repository_prefix="any",
    python=Path("/venv/bin/python"),
    code=Path("/image"),
    environment={"MODELS_DIR": "/models", "LOG_LEVEL": "INFO"},
)


def environment_of(declared: Mapping[str, str], *mounted: str) -> dict[str, str]:
    return container_environment(
        declared,
        image=IMAGE,
        region="eu-west-1",
        endpoint_host="127.0.0.1",
        scratch=SCRATCH,
        mounted_paths=mounted,
    )


def test_should_hold_the_images_the_definitions_and_ecs_own_variables_only() -> None:
    assert environment_of({"JOB_ID": "any-job"}) == {
        "PATH": "/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(SCRATCH),
        "TMPDIR": str(SCRATCH),
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/image",
        "WORK_DIR": str(SCRATCH),
        "MODELS_DIR": "/models",
        "LOG_LEVEL": "INFO",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "JOB_ID": "any-job",
    }


def test_should_let_the_task_definition_override_the_image() -> None:
    assert environment_of({"LOG_LEVEL": "DEBUG"})["LOG_LEVEL"] == "DEBUG"


def test_should_move_container_paths_into_the_scratch_folder() -> None:
    moved = environment_of(
        {
            "WORK_DIR": "/work",
            "CACHE": "/work/cache",
            "OTHER": f"{CONTAINER_TMP}/x",
            "MODELS": "/models/a",
        },
        "/work",
    )
    assert moved["WORK_DIR"] == str(SCRATCH)
    assert moved["CACHE"] == f"{SCRATCH}/cache"
    assert moved["OTHER"] == f"{SCRATCH}/x"
    assert moved["MODELS"] == "/models/a"


def test_should_not_take_a_longer_name_for_a_path_below_a_mount() -> None:
    assert environment_of({"A": "/workshop"}, "/work")["A"] == "/workshop"


def test_should_reach_the_emulator_under_an_address_that_a_process_can_use() -> None:
    declared = {"ECS_CONTAINER_METADATA_URI_V4": "http://host.docker.internal:4600/v4/x"}
    found = environment_of(declared)["ECS_CONTAINER_METADATA_URI_V4"]
    assert found == "http://127.0.0.1:4600/v4/x"


def test_should_leave_the_file_of_authorities_where_it_is_on_this_machine() -> None:
    bundle = f"{CONTAINER_TMP}/state/tls/certificate.pem"
    assert environment_of({"AWS_CA_BUNDLE": bundle})["AWS_CA_BUNDLE"] == bundle
