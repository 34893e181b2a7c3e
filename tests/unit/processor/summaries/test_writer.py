"""How a summary is written: by a model, or of quotes where it fails."""

from collections.abc import Mapping
from typing import Any

from runtime.core.chat import ModelError, Question
from runtime.processor.summaries.writer import SummaryWriter
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.unit.processor.summaries.requests import request_of
from tests.unit.processor.summaries.test_map_reduce import SAID, faithful, summarizer


def test_should_write_quotes_with_a_warning_when_the_model_fails() -> None:
    made, _ = summarizer(lambda _: ModelError("throttled", "any reason"))
    log, metrics = CapturedLog(), CapturedMetrics()
    output = SummaryWriter(model=made).write(
        request_of(SAID, 2), on_progress=lambda _: None, log=log, metrics=metrics
    )
    assert [warning.code for warning in output.warnings] == ["summary.model_failed"]
    assert output.is_fallback
    assert output.value.summarizer == "extractive"
    assert output.value.overview
    assert [line.action for line in log.lines] == ["summary.fell_back"]


def test_should_warn_about_sentences_that_were_left_out() -> None:
    def one_wrong(question: Question) -> Mapping[str, Any]:
        if "were rejected" in question.text:
            return {}
        answer = dict(faithful(question))
        if question.tool == "report_overview":
            answer["overview"] = [
                *answer["overview"],
                {"text": "Stockholm bought the tram.", "segments": [0]},
            ]
        return answer

    made, _ = summarizer(one_wrong)
    output = SummaryWriter(model=made).write(
        request_of(SAID), on_progress=lambda _: None, log=CapturedLog(), metrics=CapturedMetrics()
    )
    assert [warning.code for warning in output.warnings] == ["summary.not_supported"]
    assert not output.is_fallback


def test_should_take_the_kind_that_was_asked_for_and_guess_an_unknown_one() -> None:
    writer = SummaryWriter()
    template, doubts = writer.template_for("lecture", SAID)
    assert (template.name, doubts) == ("lecture", ())
    template, doubts = writer.template_for("sermon", SAID)
    assert template.name == "call"
    assert [warning.code for warning in doubts] == ["summary.unknown_kind"]
    assert writer.template_for(None, SAID)[1] == ()
