import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Turn
from runtime.results.speaker_interruptions import SpeakerInterruption, find_interruptions
from tests.unit.processor.builders import ANNA, BEN, turn

CARLA = "SPEAKER_02"


def test_should_find_who_cut_in_on_whom() -> None:
    assert find_interruptions([turn(0.0, 5.0, ANNA), turn(4.0, 9.0, BEN)]) == (
        SpeakerInterruption(at_seconds=4.0, by=BEN, of=ANNA),
    )


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param((turn(0, 5, ANNA), turn(5.2, 9, BEN)), id="after a gap"),
        pytest.param((turn(0, 5, ANNA), turn(4.7, 9, BEN)), id="overlapping at the end"),
        pytest.param((turn(0, 5, ANNA), turn(2, 3, BEN)), id="within the other's turn"),
        pytest.param((turn(0, 5, ANNA), turn(4, 5.3, BEN)), id="not going on"),
        pytest.param((turn(0, 5, ANNA), turn(0, 9, BEN)), id="at the same moment"),
        pytest.param((turn(0, 5, ANNA), turn(4, 9, ANNA)), id="by the same voice"),
    ],
)
def test_should_not_count_what_takes_no_floor(turns: tuple[Turn, ...]) -> None:
    assert find_interruptions(turns) == ()


def test_should_count_a_second_voice_for_each_it_silences() -> None:
    found = find_interruptions([turn(0, 5, ANNA), turn(2, 5.2, BEN), turn(4, 9, CARLA)])
    assert [(one.by, one.of) for one in found] == [(CARLA, ANNA), (CARLA, BEN)]


@given(
    st.lists(
        st.builds(
            lambda start, length, speaker: turn(start, start + length, speaker),
            st.floats(0, 60),
            st.floats(0.1, 20),
            st.sampled_from([ANNA, BEN, CARLA]),
        ),
        max_size=12,
    )
)
def test_should_not_depend_on_the_order_of_turns(turns: list[Turn]) -> None:
    found = find_interruptions(turns)
    assert sorted(map(repr, found)) == sorted(map(repr, find_interruptions(turns[::-1])))
    assert [one.at_seconds for one in found] == sorted(one.at_seconds for one in found)
