import pytest

from runtime.core.word_spacing import is_unspaced, joined


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        (["The", "harbour."], "The harbour."),
        (["\u6e2f\u53e3", "\u5f88", "\u8001\u3002"], "\u6e2f\u53e3\u5f88\u8001\u3002"),
        (["\u6e2f\u3002", "\u3053\u308c"], "\u6e2f\u3002\u3053\u308c"),
        (
            ["\u0e17\u0e48\u0e32", "\u0e40\u0e23\u0e37\u0e2d"],
            "\u0e17\u0e48\u0e32\u0e40\u0e23\u0e37\u0e2d",
        ),
        (["\u6211", "love", "\u4f60"], "\u6211 love \u4f60"),
        (["\ud56d\uad6c\ub294", "\uc624\ub798"], "\ud56d\uad6c\ub294 \uc624\ub798"),
        (["a", "", "b"], "a b"),
        ([], ""),
    ],
    ids=["English", "Chinese", "Japanese", "Thai", "both", "Korean", "nothing between", "nothing"],
)
def test_should_put_spaces_where_they_are_written(texts: list[str], written: str) -> None:
    assert joined(texts) == written


def test_should_tell_scripts_apart() -> None:
    assert all(map(is_unspaced, "\u6e2f\u3042\u30a2\u0e17\u0ea5\u1000\u3002\uff0c"))
    assert not any(map(is_unspaced, "a1.,-\u00e9\u0416\u05d0\u0627\ud56d\u2019"))
