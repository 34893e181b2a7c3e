import threading

from runtime.core.contract import Stage
from runtime.processor.pipeline.preloading import Preloading


def test_should_hold_a_stage_until_its_model_is_loaded() -> None:
    gate, loaded = threading.Event(), []

    def load() -> None:
        gate.wait(10)
        loaded.append("model")

    preloading = Preloading({Stage.TRANSCRIBE: load})
    preloading.start()
    threading.Timer(0.05, gate.set).start()
    preloading.wait(Stage.TRANSCRIBE)
    assert loaded == ["model"]


def test_should_not_hold_a_stage_for_a_model_that_cannot_be_loaded() -> None:
    def fail() -> None:
        raise OSError("any")

    loaded: list[str] = []
    preloading = Preloading(
        {Stage.TRANSCRIBE: fail, Stage.DIARIZE: lambda: loaded.append("diarization")}
    )
    preloading.start()
    preloading.wait(Stage.TRANSCRIBE)
    preloading.wait(Stage.DIARIZE)
    assert loaded == ["diarization"]


def test_should_hold_no_stage_unless_it_was_started() -> None:
    preloading = Preloading({Stage.TRANSCRIBE: lambda: None})
    preloading.wait(Stage.TRANSCRIBE)
    preloading.wait(Stage.SCENES)
