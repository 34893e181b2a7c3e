import pytest

from local.emulator.services.lambda_concurrency import refusal


@pytest.mark.parametrize(
    ("wanted", "others", "limit", "minimum"),
    [
        (900, 0, 1000, None),
        (901, 0, 1000, 100),
        (1, 900, 1000, 100),
        (1, 0, 10, 10),
        (0, 0, 10, None),
    ],
)
def test_should_leave_the_account_its_minimum(
    wanted: int, others: int, limit: int, minimum: int | None
) -> None:
    message = refusal(wanted, others, limit)
    assert (message is None) == (minimum is None)
    assert minimum is None or f"minimum value of [{minimum}]" in str(message)
