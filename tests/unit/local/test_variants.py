from local.variants import variant


def test_should_append_a_box_that_players_skip() -> None:
    made = variant(b"clip", "0007")
    assert made == b"clip" + (12).to_bytes(4, "big") + b"free" + b"0007"
