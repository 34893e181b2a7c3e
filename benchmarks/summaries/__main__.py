"""How good chapters and summaries are: `make eval-summaries`.

    .venv/bin/python -m benchmarks.summaries
    .venv/bin/python -m benchmarks.summaries --endpoint http://127.0.0.1:8000/v1 --model NAME

The second asks a model server as well. Topics are in two halves: the costs of a boundary were
chosen on the first, the figures are of the second.
"""

import argparse
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.speech import MODELS
from benchmarks.summaries.methods import (
    Summaries,
    chosen_by,
    chosen_evenly,
    chosen_first_method,
    request_of,
    summarizer_of,
)
from benchmarks.summaries.mutations import (
    GoodSentence,
    all_transcripts,
    denied,
    good_sentences,
    held_out_sentences,
    mutations,
)
from benchmarks.summaries.recordings import (
    FILLERS,
    Recording,
    concatenation,
    read_topics,
    said,
    single,
)
from benchmarks.summaries.segmentation import (
    embedding_tiling,
    fixed_length,
    pk,
    text_tiling,
    window_diff,
    window_of,
)
from runtime.core.media import Sentence
from runtime.core.summary import ModelUsage
from runtime.processor.models.sentence_embedder import SentenceEmbedder, load_sentence_embedder
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.shortening import texts_to_embed
from runtime.processor.stages.titles import alike
from runtime.processor.stages.topics import BoundaryCosts, topic_boundaries
from runtime.processor.summaries.budget import Prices, estimate
from runtime.processor.summaries.extractive import ExtractiveSummarizer
from runtime.processor.summaries.grounding import Claim, Transcript, problems_of
from runtime.processor.summaries.port import SummaryRequest, chapter_starts
from runtime.processor.summaries.prompt import (
    REDUCE_OUTPUT_TOKENS,
    map_question,
    parts_of,
    tokens_of,
)
from runtime.processor.summaries.vocabulary import ordinary_words

MODEL = MODELS / "minilm-l6"
VOCABULARY = MODELS / "whisper-base"
RECORDINGS = 20
FIRST_SEED = 100
MUTATIONS = 500
LONG_HOURS = 6
TOPIC_SECONDS = 600
EXAMPLE_PRICES = Prices(input_usd=1.0, output_usd=5.0)
"""US dollars for a million tokens: an example, not the price of a certain model."""

USUAL_ANSWER_TOKENS = 600
"""Eight points with their segments have about so many."""

WITHOUT_CUES = BoundaryCosts(boundary=1.45, pause=0.0, speaker=0.0, cut=0.0)
Vectors = NDArray[np.float32]
Method = Callable[[Recording, Vectors], Sequence[int]]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", help="a server that speaks OpenAI's API")
    parser.add_argument("--model", default="", help="its model")
    given = parser.parse_args()
    plain = load_sentence_embedder(MODEL)
    embed = remembering(plain)
    topics = list(read_topics("topics.txt").items())
    held_out = dict(topics[len(topics) // 2 :])
    recordings = [concatenation(held_out, seed=FIRST_SEED + i) for i in range(RECORDINGS)]
    vectors = [embed([s.text for s in recording.sentences]) for recording in recordings]
    print_chapters(recordings, vectors, embed)
    print_single_topics(held_out, embed)
    methods: dict[str, Summaries] = {
        "evenly spaced sentences": chosen_evenly,
        "first method (LexRank, MMR)": chosen_first_method,
        "extractive": chosen_by(ExtractiveSummarizer()),
    }
    if given.endpoint:
        methods[given.model] = chosen_by(summarizer_of(given.endpoint, given.model))
    print_summaries(recordings, vectors, embed, methods)
    print_faithfulness()
    print_long(plain)


def remembering(embed: SentenceEmbedder) -> SentenceEmbedder:
    """Return an embedder that embeds each text once: recordings share their sentences."""
    known: dict[str, NDArray[np.float32]] = {}

    def embed_new(texts: Sequence[str]) -> Vectors:
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            known.update(zip(fresh, embed(fresh), strict=True))
        return np.array([known[text] for text in texts])

    return embed_new


def print_chapters(
    recordings: Sequence[Recording], vectors: Sequence[Vectors], embed: SentenceEmbedder
) -> None:
    """Print Pk and WindowDiff of each method, and how many titles are alike."""
    methods: dict[str, Method] = {
        "fixed length, right number": lambda r, _: fixed_length(
            len(r.sentences), len(r.boundaries) + 1
        ),
        "TextTiling": lambda r, _: text_tiling(r.sentences),
        "first method": first_method,
        "this one, text alone": lambda r, v: topic_boundaries(
            r.sentences, v, end_seconds=r.duration_seconds, costs=WITHOUT_CUES
        ),
        "this one": lambda r, v: topic_boundaries(
            r.sentences, v, end_seconds=r.duration_seconds, scenes=r.scenes
        ),
    }
    print(f"\nChapters of {len(recordings)} recordings of 4 to 8 held-out topics")
    for name, method in methods.items():
        scores = []
        for recording, rows in zip(recordings, vectors, strict=True):
            count = len(recording.sentences)
            window = window_of(recording.boundaries, count)
            found = method(recording, rows)
            scores.append(
                [f(recording.boundaries, found, count, window) for f in (pk, window_diff)]
            )
        mean_pk, mean_diff = np.mean(scores, axis=0)
        print(f"  {name:28} Pk {mean_pk:.3f}  WindowDiff {mean_diff:.3f}")
    similar = 0
    for recording, rows in zip(recordings, vectors, strict=True):
        chapters = divide_into_chapters(
            recording.sentences,
            rows,
            embed=embed,
            language="en",
            duration_seconds=recording.duration_seconds,
            scenes=recording.scenes,
        )
        titles = [chapter.title for chapter in chapters]
        similar += sum(alike(a, b) for i, a in enumerate(titles) for b in titles[:i])
    print(f"  pairs of titles that are alike in one recording: {similar}")


def first_method(recording: Recording, vectors: Vectors) -> list[int]:
    """Return the boundaries of this project's first method."""
    minimum = min(max(recording.duration_seconds / 12, 20.0), 300.0)
    return embedding_tiling(
        recording.sentences, vectors, minimum=minimum, end=recording.duration_seconds
    )


def print_single_topics(held_out: dict[str, tuple[str, ...]], embed: SentenceEmbedder) -> None:
    """Print in how many recordings of one topic each method finds one chapter."""
    talks = {**held_out, **read_topics("one_topic.txt")}
    whole, before = 0, 0
    for number, (title, lines) in enumerate(talks.items()):
        recording = single(title, lines, seed=FIRST_SEED + number)
        rows = embed([s.text for s in recording.sentences])
        end = recording.duration_seconds
        whole += not topic_boundaries(
            recording.sentences, rows, end_seconds=end, scenes=recording.scenes
        )
        before += not first_method(recording, rows)
    print(f"  one chapter for one topic: {whole} of {len(talks)} (first method {before})")


def print_summaries(
    recordings: Sequence[Recording],
    vectors: Sequence[Vectors],
    embed: SentenceEmbedder,
    methods: dict[str, Summaries],
) -> None:
    """Print coverage of topics, redundancy and fillers of each summarizer's overview."""
    print("\nOverviews of the same recordings")
    for name, summarize in methods.items():
        covered, topics, repeated, pairs, fillers, sentences = 0, 0, 0, 0, 0, 0
        for recording, rows in zip(recordings, vectors, strict=True):
            shown = summarize(recording, rows, embed)
            edges = [0, *recording.boundaries, len(recording.sentences)]
            sections = [range(a, b) for a, b in pairwise(edges)]
            cited = {segment for _, segments in shown for segment in segments}
            covered += sum(bool(cited & set(section)) for section in sections)
            topics += len(sections)
            near = embed([text for text, _ in shown]) if shown else np.zeros((0, 1))
            likeness = np.triu(near @ near.T, 1)
            repeated += int((likeness > 0.8).sum())  # noqa: PLR2004 - a cosine of the same content
            pairs += len(shown) * (len(shown) - 1) // 2
            fillers += sum(text in FILLERS for text, _ in shown)
            sentences += len(shown)
        print(
            f"  {name:34} {sentences / len(recordings):4.1f} sentences, topics covered "
            f"{covered / topics:4.0%}, pairs that repeat {repeated / max(1, pairs):5.1%}, "
            f"fillers {fillers}"
        )


def print_faithfulness() -> None:
    """Print how many falsified sentences are rejected, and how many good ones are."""
    ordinary = ordinary_words(VOCABULARY)
    transcripts = {
        topic: Transcript(sentences, language="en", ordinary=ordinary)
        for topic, sentences in all_transcripts().items()
    }

    def rejected(good: GoodSentence, claim: Claim) -> bool:
        return bool(problems_of(claim, transcripts[good.topic], range(99)))

    print("\nGrounding")
    sets = {"the check was made with": good_sentences(), "held out": held_out_sentences()}
    for name, good in sets.items():
        falsified = mutations(MUTATIONS, seed=7, good=good)
        every = Counter(m.kind for m in falsified)
        caught = Counter(m.kind for m in falsified if rejected(m.good, m.claim))
        lost = Counter(g.kind for g in good if rejected(g, g.claim))
        denials = [(g, claim) for g in good if (claim := denied(g))]
        print(f"  sentences {name}: {sum(lost.values())} of {len(good)} good ones lost")
        kinds = Counter(g.kind for g in good)
        print("    " + ", ".join(f"{kind} {lost[kind]} of {n}" for kind, n in kinds.items()))
        print(f"    falsified: {sum(caught.values())} of {MUTATIONS} rejected")
        print("    " + ", ".join(f"{kind} {caught[kind]} of {n}" for kind, n in every.items()))
        found = sum(rejected(g, claim) for g, claim in denials)
        print(f"    denied: {found} of {len(denials)} rejected")


def print_long(embed: SentenceEmbedder) -> None:
    """Print what six hours cost: seconds and memory, and a model's tokens and dollars."""
    sentences = tuple(long_talk(LONG_HOURS))
    began = time.process_time()
    vectors = embed(texts_to_embed(sentences))
    embedded = time.process_time() - began
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.process_time()
    request = request_of(sentences, vectors, embed, seconds=LONG_HOURS * 3600.0)
    divided = time.process_time() - began
    began = time.process_time()
    summary = ExtractiveSummarizer().summarize(request, lambda _: None)
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{LONG_HOURS} h of talk, {len(sentences)} sentences, in processor seconds")
    print(
        f"  embedding {embedded:.1f} s, chapters {divided:.1f} s, extractive summary {took:.1f} s"
    )
    print(f"  peak of the process {peak:.0f} MB, {before:.0f} MB before chapters and summary")
    print(f"  {len(request.chapters)} chapters, {len(summary.overview)} sentences of overview")
    print_price(request)


def print_price(request: SummaryRequest) -> None:
    """Print a model's tokens and dollars: as asked, with answers of a usual length, and at most."""
    parts = parts_of(request.sentences, chapter_starts(request.chapters))
    questions = [map_question(part, request.sentences, request.template, "en") for part in parts]
    most = estimate(questions, overview_tokens=REDUCE_OUTPUT_TOKENS)
    points = USUAL_ANSWER_TOKENS * len(questions)
    usual = ModelUsage(
        requests=len(questions) + 1,
        input_tokens=points
        + sum(
            tokens_of(q.system) + tokens_of(q.text) + tokens_of(str(q.schema)) for q in questions
        ),
        output_tokens=points + USUAL_ANSWER_TOKENS,
    )
    for name, usage in (("usual", usual), ("at most, as reserved", most)):
        cost = EXAMPLE_PRICES.cost(usage)
        print(
            f"  a model, {name}: {usage.requests} questions, {usage.input_tokens} tokens in, "
            f"{usage.output_tokens} out; ${cost:.3f}, an hour ${cost / LONG_HOURS:.3f} at "
            f"${EXAMPLE_PRICES.input_usd:.2f} and ${EXAMPLE_PRICES.output_usd:.2f} for a million"
        )


def long_talk(hours: int) -> Iterator[Sentence]:
    """Yield sentences about one topic after another, each of two of its lines, at random."""
    rng = np.random.default_rng(7)
    topics = list(read_topics("topics.txt").values())
    clock, number = 0.5, 0
    while clock < hours * 3600:
        lines = topics[int(clock // TOPIC_SECONDS) % len(topics)]
        first, second = (lines[i].rstrip(".?") for i in rng.integers(0, len(lines), 2))
        words = f"{first} and {second[0].lower()}{second[1:]}".split()
        text = " ".join(words[: rng.integers(6, 24)]) + "."
        yield said(text, start=clock, speaker=f"SPEAKER_{number // 5 % 3:02d}")
        clock += 0.38 * len(text.split()) + 0.4
        number += 1


if __name__ == "__main__":
    main()
