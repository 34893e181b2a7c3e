from pathlib import Path

from local.emulator.services.lambda_runtime import function_environment


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
