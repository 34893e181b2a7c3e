"""Which device hears the words, and that its checkpoints are not mistaken for another's."""

import pytest

from runtime.core.contract import Device, Stage
from runtime.core.options import DEFAULT_OPTIONS
from runtime.processor.composition import packaged_toolkit
from runtime.processor.models.whisper import Engine
from runtime.processor.settings import AttemptSettings
from tests.unit.processor.test_settings import ENVIRON


@pytest.mark.parametrize(
    ("device", "compute_type"), [(Device.CPU, "int8"), (Device.CUDA, "float16")]
)
def test_should_compute_where_it_is_told(device: Device, compute_type: str) -> None:
    assert Engine(device=device, threads=3).arguments() == {
        "device": device.value,
        "compute_type": compute_type,
        "cpu_threads": 3,
    }


def test_should_not_go_on_from_what_another_device_heard() -> None:
    on = {
        device: packaged_toolkit(
            AttemptSettings.from_environ({**ENVIRON, "DEVICE": device.value})
        ).settings_for(DEFAULT_OPTIONS)
        for device in Device
    }
    assert on[Device.CPU][Stage.TRANSCRIBE] != on[Device.CUDA][Stage.TRANSCRIBE]
    assert on[Device.CPU][Stage.DIARIZE] == on[Device.CUDA][Stage.DIARIZE]
