import pytest

from local.emulator.services.lambda_logs import is_written


@pytest.mark.parametrize(
    ("group", "function", "may_create", "written"),
    [
        (True, True, False, True),
        (False, True, True, True),
        (False, True, False, False),
        (False, False, True, False),
    ],
)
def test_should_create_a_missing_group_only_for_a_function_that_exists_and_may(
    *, group: bool, function: bool, may_create: bool, written: bool
) -> None:
    found = is_written(
        group_exists=group, function_exists=function, may_create_groups=lambda: may_create
    )

    assert found is written
