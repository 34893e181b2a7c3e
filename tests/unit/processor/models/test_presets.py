from pathlib import Path

import pytest

from runtime.core.contract import Quality, SceneModel, Stage
from runtime.core.errors import Permanent
from runtime.core.options import JobOptions
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from runtime.processor.models.presets import (
    BEST_MODEL,
    FAST_MODEL,
    Preset,
    preset_of,
    require_translation,
)
from runtime.processor.pipeline.toolkit import Toolkit, build_toolkit


def toolkit(models_dir: Path) -> Toolkit:
    return build_toolkit(
        models_dir=models_dir,
        asr_model="whisper-small",
        capacity=Capacity(cores=1, memory_mb=1000),
        threads=1,
        decoder=Decoder(),
        checkpoint_seconds=20.0,
    )


def test_should_decode_with_the_environments_model_by_default(tmp_path: Path) -> None:
    (tmp_path / FAST_MODEL).mkdir()
    preset = preset_of(Quality.BALANCED, models_dir=tmp_path, asr_model="whisper-small")
    assert preset == Preset(model="whisper-small", beam_size=5)


def test_should_search_less_with_the_base_model_to_be_fast(tmp_path: Path) -> None:
    (tmp_path / FAST_MODEL).mkdir()
    preset = preset_of(Quality.FAST, models_dir=tmp_path, asr_model="whisper-small")
    assert preset == Preset(model=FAST_MODEL, beam_size=1)


def test_should_be_fast_without_the_base_model(tmp_path: Path) -> None:
    preset = preset_of(Quality.FAST, models_dir=tmp_path, asr_model="whisper-tiny.en")
    assert preset == Preset(model="whisper-tiny.en", beam_size=1)


@pytest.mark.parametrize(
    ("options", "model"),
    [
        (JobOptions(quality=Quality.BEST), BEST_MODEL),
        (JobOptions(scene_model=SceneModel.TRANSNETV2), SceneModel.TRANSNETV2),
    ],
)
def test_should_refuse_a_job_whose_model_the_image_lacks(
    tmp_path: Path, options: JobOptions, model: str
) -> None:
    with pytest.raises(Permanent, match="does not hold") as refusal:
        toolkit(tmp_path).for_job(options)
    assert refusal.value.code == "options.no_model"
    (tmp_path / model).mkdir()
    assert model in toolkit(tmp_path).for_job(options).models.values()


def test_should_not_reuse_what_other_options_computed(tmp_path: Path) -> None:
    (tmp_path / BEST_MODEL).mkdir()
    usual = toolkit(tmp_path)
    for options, stage in (
        (JobOptions(quality=Quality.BEST), Stage.TRANSCRIBE),
        (JobOptions(quality=Quality.FAST), Stage.TRANSCRIBE),
        (JobOptions(audio_track="2"), Stage.PROBE),
    ):
        adapted = usual.for_job(options).settings_for(options)
        assert adapted[stage] != usual.settings_for(JobOptions())[stage]


@pytest.mark.parametrize("model", ["whisper-tiny.en", BEST_MODEL, "distil-large-v3"])
def test_should_refuse_to_translate_with_a_model_that_cannot(model: str) -> None:
    with pytest.raises(Permanent) as refusal:
        require_translation(model)
    assert refusal.value.code == "options.no_translation"
    require_translation(FAST_MODEL)
