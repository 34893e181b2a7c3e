import itertools

from hypothesis import given
from hypothesis import strategies as st

from scripts.sample_media.pictures import FRAMES_PER_SECOND, shot_lengths


@given(st.floats(2.0, 600.0))
def test_should_fill_the_film_with_shots_of_two_seconds_or_more(seconds: float) -> None:
    lengths = shot_lengths(seconds)
    assert min(lengths) >= 2 * FRAMES_PER_SECOND
    too_long = sum(lengths) / FRAMES_PER_SECOND - seconds
    assert -1e-9 <= too_long <= 1 / FRAMES_PER_SECOND + 1e-9


def test_should_vary_the_length_of_shots() -> None:
    lengths = shot_lengths(104.4)
    assert len(lengths) == 14
    assert all(a != b for a, b in itertools.pairwise(lengths))
