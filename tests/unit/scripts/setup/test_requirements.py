from scripts.setup import requirements

TEXT = """# a note
first==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
second==2.0 ; sys_platform == "linux" \\
    --hash=sha256:cc
"""


def test_should_name_the_packages() -> None:
    assert requirements.names(TEXT) == {"first", "second"}


def test_should_find_a_pin_without_its_marker() -> None:
    assert requirements.pinned(TEXT, "second") == "second==2.0"
    assert requirements.pinned(TEXT, "sec") is None


def test_should_leave_out_packages_with_their_digests() -> None:
    assert requirements.without(TEXT, ["first"]) == (
        'second==2.0 ; sys_platform == "linux" \\\n    --hash=sha256:cc\n'
    )


def test_should_leave_out_digests() -> None:
    assert requirements.without_digests(TEXT) == (
        '# a note\nfirst==1.0\nsecond==2.0 ; sys_platform == "linux"\n'
    )
