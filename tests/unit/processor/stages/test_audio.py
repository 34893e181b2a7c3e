from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.errors import Permanent
from runtime.core.media import SAMPLE_RATE, Audio
from runtime.processor.media.audio_timeline import SoundTimeline
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.probe import probe
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import TONE, Gauge, damaged, film, loudness, samples_of

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=4")
HEARD = 0.03
SILENT = 0.001


def test_should_write_mono_at_16_khz(tmp_path: Path) -> None:
    path = tmp_path / "stereo.mp4"
    ffmpeg(*TONE, "-ac", 2, "-ar", 44_100, path)
    audio = extracted(path)
    assert audio.sample_rate == SAMPLE_RATE
    assert audio.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert len(samples_of(audio)) == round(audio.duration_seconds * SAMPLE_RATE)
    spectrum = np.abs(np.fft.rfft(samples_of(audio)[:SAMPLE_RATE]))
    assert int(spectrum.argmax()) == 440


def test_should_begin_where_the_track_does(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    tone = ("-itsoffset", 1.5, *TONE)
    ffmpeg(*PICTURE, *tone, "-map", "0:v", "-map", "1:a", path)
    audio = extracted(path)
    assert audio.starts_at_seconds == pytest.approx(1.5, abs=0.03)
    assert loudness(audio, 0.05, 1.9) > HEARD
    assert audio.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert audio.end_seconds == audio.starts_at_seconds + audio.duration_seconds


@pytest.mark.parametrize(("at_seconds", "starts", "ends"), [(-0.8, 0, 200), (-0.05, -50, 950)])
def test_should_leave_out_what_was_cut_away_before_0_but_not_what_a_codec_begins_with(
    at_seconds: float, starts: int, ends: int
) -> None:
    taken: list[NDArray[np.int16]] = []
    timeline = SoundTimeline(
        rate=1000,
        layout="mono",
        channels=1,
        write=lambda samples: taken.append(samples[:, 0]),
        starts_with_track=True,
    )
    ramp = np.arange(1000, dtype=np.int16)
    frame = av.AudioFrame.from_ndarray(ramp[None], format="s16", layout="mono")
    frame.sample_rate = 1000
    timeline.add(frame, at_seconds)
    timeline.flush()
    assert (timeline.start, timeline.end) == (starts, ends)
    assert np.array_equal(np.concatenate(taken), ramp[-(ends - starts) :])


def test_should_fill_a_hole_with_silence(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    hole = ("-af", "aselect='not(between(t,0.5,1.2))'")
    ffmpeg(*TONE, *hole, "-c:a", "pcm_s16le", path)
    audio = extracted(path)
    assert loudness(audio, 0.0, 0.45) > HEARD
    assert loudness(audio, 0.56, 1.14) < SILENT
    assert loudness(audio, 1.26, 1.95) > HEARD
    assert audio.duration_seconds == pytest.approx(2.0, abs=0.03)


def test_should_count_from_the_earliest_track_where_the_container_counts_from_anywhere(
    tmp_path: Path,
) -> None:
    path = tmp_path / "broadcast.ts"
    ffmpeg(*PICTURE, *TONE, "-muxdelay", 10, "-c:a", "mp2", path)
    audio = extracted(path)
    assert audio.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert loudness(audio, 0.1, 1.9) > HEARD


def test_should_write_no_samples_without_an_audio_track(tmp_path: Path) -> None:
    audio = extracted(film(tmp_path / "silent.mp4", sound=False))
    assert audio.duration_seconds == 0.0
    assert len(samples_of(audio)) == 0


def test_should_keep_what_a_cut_off_file_still_holds(tmp_path: Path) -> None:
    whole = film(tmp_path / "clip.mp4")
    audio = extracted(damaged(whole, lambda content: content[: len(content) * 2 // 3]))
    assert 0.5 < audio.duration_seconds < 2.0


def test_should_keep_time_over_frames_that_do_not_decode(tmp_path: Path) -> None:
    path = tmp_path / "tone.mp4"
    ffmpeg(*TONE, "-movflags", "+faststart", path)

    def spoil_the_middle(content: bytes) -> bytes:
        start = content.index(b"mdat") + 4
        first, last = (start + (len(content) - start) * part // 10 for part in (4, 6))
        return content[:first] + b"\xff" * (last - first) + content[last:]

    audio = extracted(damaged(path, spoil_the_middle))
    assert audio.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert loudness(audio, 1.5, 1.9) > HEARD


def test_should_refuse_timestamps_that_would_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "jump.mov"
    jump = ("-af", "asetpts='PTS+gt(T,1)*40000/TB'")
    ffmpeg(*TONE, *jump, "-c:a", "alac", path)
    with pytest.raises(Permanent) as caught:
        extracted(path)
    assert caught.value.code == "media.broken_timestamps"


def extracted(path: Path) -> Audio:
    gauge = Gauge()
    audio = extract_audio(path, probe(path), path.with_suffix(".wav"), gauge)
    assert gauge.seen[-1] == 1.0
    return audio
