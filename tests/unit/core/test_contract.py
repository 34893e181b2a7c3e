import pytest

from runtime.core.contract import is_upload, object_id, result_prefix, work_prefix


def test_should_write_an_object_id_without_the_quotes_of_its_etag() -> None:
    assert object_id("uploads/any.mp4", '"abc"') == "uploads/any.mp4|abc"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("uploads/any.mp4", True),
        ("uploads/any.folder/a b+ü.mov", True),
        ("uploads/IMG_0001.MOV", True),
        ("uploads/IMG_0001.Mp4", True),
        ("uploads/any.m4v", True),
        ("uploads/any.txt", True),
        ("uploads/without a suffix", True),
        ("any.mp4", False),
        ("results/uploads/any.mp4", False),
    ],
)
def test_should_know_an_upload_by_its_key(key: str, expected: bool) -> None:  # noqa: FBT001 - parametrized
    assert is_upload(key) is expected


def test_should_keep_results_and_work_of_a_job_apart() -> None:
    assert (result_prefix("any"), work_prefix("any")) == ("results/any/", "work/any/")
