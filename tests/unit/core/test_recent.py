from runtime.core.recent import Recent


def test_should_forget_the_one_used_longest_ago() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.get("a")
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b")) == (1, None)
