import pytest

from local.emulator.version import SUPPORTED, UnsupportedEmulatorError, check


def test_should_accept_the_installed_ministack() -> None:
    check()


def test_should_refuse_any_other_ministack_and_say_what_to_do() -> None:
    with pytest.raises(UnsupportedEmulatorError, match=rf"{SUPPORTED}.*1\.5\.34.*make setup"):
        check("1.5.34")
