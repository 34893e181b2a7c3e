import threading

from runtime.core.periodic_thread import PeriodicThread

PATIENCE_SECONDS = 120.0


class Counting(PeriodicThread):
    """Counts its turns, and raises or has enough after so many."""

    def __init__(self, *, enough: int | None = None, fails: bool = False) -> None:
        super().__init__("counting", every_seconds=0.001)
        self.turns = 0
        self.twice, self.gone = threading.Event(), threading.Event()
        self.thread = ""
        self._enough, self._fails = enough, fails

    def once(self) -> bool:
        self.turns += 1
        self.thread = threading.current_thread().name
        if self._fails:
            raise ValueError("any")
        if self.turns == 2:
            self.twice.set()
        return self.turns != self._enough

    def died(self, error: Exception) -> None:
        assert str(error) == "any"
        self.gone.set()


def test_should_go_on_in_a_thread_of_its_own_until_the_context_ends() -> None:
    with Counting() as counting:
        assert counting.twice.wait(PATIENCE_SECONDS)
    turns = counting.turns
    assert counting.thread == "counting"
    assert not counting._thread.is_alive()
    assert counting.turns == turns


def test_should_end_when_there_is_no_use_in_going_on() -> None:
    with Counting(enough=2) as counting:
        counting._thread.join(PATIENCE_SECONDS)
        assert not counting._thread.is_alive()
    assert counting.turns == 2


def test_should_tell_what_it_died_of_and_never_go_on() -> None:
    with Counting(fails=True) as counting:
        assert counting.gone.wait(PATIENCE_SECONDS)
    assert counting.turns == 1


def test_should_do_nothing_before_its_first_interval_is_over() -> None:
    counting = Counting()
    counting._every_seconds = 60.0
    with counting:
        pass
    assert counting.turns == 0
