from pathlib import Path

from local.emulator.services.lambda_images import as_process
from local.emulator.services.lambda_runtime import function_environment, in_image
from local.images import Image


def test_should_keep_the_functions_variables_and_those_lambda_sets() -> None:
    offered = {
        "JOBS_TABLE": "jobs",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4600",
        "LAMBDA_TASK_ROOT": "/code",
        "_LAMBDA_TIMEOUT": "20",
        "HOME": "/emulators/home",
        "PYTHONPATH": "/emulators/code",
        "LIFESTREAM_EMULATOR": "{}",
    }
    found = function_environment(offered, {"JOBS_TABLE": "jobs"}, Path("/venv/bin/python"))
    assert found == {
        "JOBS_TABLE": "jobs",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4600",
        "LAMBDA_TASK_ROOT": "/code",
        "_LAMBDA_TIMEOUT": "20",
        "PATH": "/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
    }


def test_should_find_an_images_code_and_keep_the_functions_variables() -> None:
    image = Image(
        repository_prefix="any",
        python=Path("/any/python"),
        code=Path("/app"),
        environment={"A": "1"},
    )
    assert in_image({"A": "2", "B": "3"}, image) == {"A": "2", "B": "3", "PYTHONPATH": "/app"}
    assert in_image({"B": "3"}, None) == {"B": "3"}


def test_should_run_the_handler_that_an_images_function_names() -> None:
    config = {"ImageConfigResponse": {"ImageConfig": {"Command": ["any.module.handle"]}}}
    runnable = as_process({"config": config})
    assert runnable["config"]["Handler"] == "any.module.handle"
    assert runnable["config"]["Runtime"].startswith("python")
    assert runnable["code_zip"]
