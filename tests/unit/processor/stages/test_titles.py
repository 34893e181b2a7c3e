import pytest

from runtime.core.media import Sentence
from runtime.core.word_spacing import joined
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.titles import MAX_PHRASE_WORDS, alike, chapter_titles
from tests.unit.processor.builders import attributed, embed, sentence


def titles_of(
    chapters: list[list[Sentence]], *, embed: SentenceEmbedder, language: str | None
) -> list[str]:
    """Title chapters that are about what their texts say."""
    subjects = embed([joined(each.text for each in said) for said in chapters])
    return chapter_titles(chapters, subjects, embed=embed, language=language)


def chapter(*texts: str) -> list[Sentence]:
    return [sentence(text) for text in texts]


def test_should_name_a_chapter_by_a_phrase_said_in_it() -> None:
    said = "we walked along the harbour wall. the harbour wall is old, and very strong."
    (title,) = titles_of([chapter(said)], embed=embed, language="en")
    assert title.lower() in said
    assert "harbour wall" in title.lower()
    assert len(title.split()) <= MAX_PHRASE_WORDS


def test_should_prefer_what_sets_a_chapter_apart() -> None:
    titles = titles_of(
        [
            chapter("The museum tour starts at the harbour.", "Museum tour, old harbour."),
            chapter("The museum tour ends at the railway.", "Museum tour, old railway."),
        ],
        embed=embed,
        language="en",
    )
    assert "harbour" in titles[0].lower()
    assert "railway" in titles[1].lower()


def test_should_begin_and_end_with_a_word_that_means_something() -> None:
    said = "and there it was, the theory of the firm, which is what we had"
    (title,) = titles_of([chapter(said)], embed=embed, language="en")
    assert title == "Theory of the firm"


def test_should_not_run_over_a_pause() -> None:
    (title,) = titles_of([chapter("slate, harbour, railway")], embed=embed, language="en")
    assert title.lower() in {"slate", "harbour", "railway"}


def test_should_keep_the_spelling_of_names() -> None:
    (title,) = titles_of([chapter("we met John Dashwood there")], embed=embed, language="en")
    assert title.endswith("John Dashwood")


def test_should_number_a_chapter_that_has_no_phrase() -> None:
    titles = titles_of(
        [chapter("Well, so it is."), chapter("the slate quarry"), chapter("Yes.")],
        embed=embed,
        language="en",
    )
    assert titles == ["Chapter 1", "Slate quarry", "Chapter 3"]


def test_should_not_give_two_chapters_the_same_title() -> None:
    titles = titles_of(
        [chapter("slate quarry"), chapter("slate quarry")], embed=embed, language="en"
    )
    assert len(set(titles)) == 2


def test_should_find_fillers_in_a_language_without_a_list() -> None:
    said = chapter(
        "Der Hafen liegt unter der Burg.",
        "Sodann sehen wir der Burg zu.",
        "Sodann liegt der Fels im Meer.",
        "Sodann ist es aus.",
    )
    (title,) = titles_of([said], embed=embed, language="de")
    assert not title.lower().startswith(("der", "sodann"))


@pytest.mark.parametrize(
    "said",
    [
        "we wanted to bake the cake",
        "they carry slate",
        "the miners quarried a mountain",
    ],
)
def test_should_not_take_a_verb_for_a_part_of_a_name(said: str) -> None:
    (title,) = titles_of([chapter(said)], embed=embed, language="en")
    assert len(title.split()) == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Slate quarry", "Slate quarries", True),
        ("Slate quarry", "Old slate quarry of Wales", True),
        ("PBX and IVR platform", "Asterisk open-source PBX", False),
        ("Harbour walls", "Railway lines", False),
        ("Harbour", "Harbours", True),
    ],
)
def test_should_recognise_titles_that_are_alike(one: str, other: str, *, expected: bool) -> None:
    assert alike(one, other) is alike(other, one) is expected


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["Nous", "parlons", "du", "budget", "municipal."]),
        ("de", ["Wir", "bauen", "eine", "Bibliothek", "am", "Hafen."]),
        (
            "ru",
            ["Строительство", "библиотеки."],
        ),
        ("zh", ["\u6211\u4eec", "\u8ba8\u8bba", "\u65b0", "\u7684", "\u9884\u7b97\u3002"]),
        (
            "ja",
            [
                "\u4eca\u65e5\u306e",
                "\u4f1a\u8b70\u3067\u306f",
                "\u65b0\u3057\u3044",
                "\u4e88\u7b97\u3002",
            ],
        ),
        (
            "th",
            [
                "\u0e40\u0e23\u0e32",
                "\u0e1b\u0e23\u0e30\u0e0a\u0e38\u0e21",
                "\u0e07\u0e1a\u0e1b\u0e23\u0e30\u0e21\u0e32\u0e13",
            ],
        ),
    ],
)
def test_should_title_a_single_sentence_of_any_language(language: str, words: list[str]) -> None:
    said = tuple(attributed(n / 2, n / 2 + 0.5, word) for n, word in enumerate(words))
    (title,) = titles_of(
        [[Sentence(speaker="SPEAKER_00", words=said)]], embed=embed, language=language
    )
    assert not title.startswith("Chapter")
    assert title.lower() in joined(words).lower()
