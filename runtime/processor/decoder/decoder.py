"""Runs the stages that read an upload's bytes, each in a sandboxed child process."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.core.contract import Channels, SceneModel
from runtime.core.media import SAMPLE_RATE, Audio, MediaInfo, Scene, Sound, TimeRange, Upload
from runtime.core.options import JobOptions
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.decoder.parent import ChildRequest, run_in_child
from runtime.processor.decoder.sandbox import SandboxLimits
from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits

_PROBE_CPU_SECONDS = 120
_PICTURE_MB = 100
_SAMPLES = "scene-samples"
"""The folder, beside the upload, in which scene detection leaves a frame of each scene."""
_PLAYER_BYTES_PER_SECOND = 2 * 64_000 // 8
_WAV_BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """Reads uploads in sandboxed children, which can write only to the upload's folder.

    `audio_track` is "default", a number from 1 or a language code. A `scene_model` with weights has
    them in the folder of its name in `models_dir` and uses `threads` threads. Failures are
    `Permanent` `media.*`, also where a decoder crashes, hangs or exceeds its limits.
    """

    limits: MediaLimits = USUAL_LIMITS
    audio_track: str = "default"
    channels: Channels = Channels.AUTO
    memory_mb: int = 4096
    cpu_seconds: int = 4 * 3600
    silence_seconds: float = 120.0
    scene_model: SceneModel = SceneModel.ADAPTIVE
    models_dir: Path | None = None
    threads: int = 1

    def for_job(self, options: JobOptions) -> "Decoder":
        """Return a decoder that follows a job's options where they differ from the environment."""
        return replace(
            self,
            audio_track=options.audio_track or self.audio_track,
            channels=options.channels,
            scene_model=options.scene_model or self.scene_model,
        )

    def probe(self, upload: Upload) -> StageOutput[MediaInfo]:
        """See `stages.probe`."""
        given = {"upload": upload, "limits": self.limits, "audio_track": self.audio_track}
        return self._run(
            *("probe", MediaInfo, given, upload.path.parent, lambda _: None),
            cpu_seconds=_PROBE_CPU_SECONDS,
        )

    def extract_audio(
        self, path: Path, info: MediaInfo, destination: Path, on_progress: Progress
    ) -> StageOutput[Audio]:
        """See `stages.audio`."""
        given = {
            "media": path,
            "info": info,
            "destination": destination,
            "channels": self.channels,
        }
        sound = self._run(
            *("extract_audio", Sound, given, path.parent, on_progress),
            file_mb=_megabytes(self.limits.max_seconds * _WAV_BYTES_PER_SECOND),
        )
        audio = Audio.at(destination, sound.value)
        return StageOutput(value=audio, warnings=sound.warnings)

    def detect_scenes(
        self,
        path: Path,
        info: MediaInfo,
        on_progress: Progress,
        increments: Increments = NO_INCREMENTS,
    ) -> StageOutput[tuple[Scene, ...]]:
        """See `stages.scenes` and `stages.transitions`; leaves samples for `make_thumbnails`."""
        given = {"media": path, "info": info, "samples_into": path.parent / _SAMPLES}
        operation = "detect_scenes"
        readable: tuple[str, ...] = ()
        if self.scene_model is not SceneModel.ADAPTIVE:
            assert self.models_dir is not None  # noqa: S101  # composition roots give both
            given |= {"model_dir": self.models_dir / self.scene_model, "threads": self.threads}
            operation, readable = "detect_transitions", (str(self.models_dir),)
        return self._run(
            *(operation, tuple[Scene, ...], given, path.parent, on_progress),
            file_mb=_PICTURE_MB,
            readable=readable,
            increments=increments,
        )

    def make_thumbnails(
        self,
        path: Path,
        info: MediaInfo,
        scenes: tuple[Scene, ...],
        folder: Path,
        on_progress: Progress,
        increments: Increments = NO_INCREMENTS,
    ) -> None:
        """See `stages.thumbnails`."""
        given = {
            "media": path,
            "info": info,
            "scenes": scenes,
            "folder": folder,
            "samples": path.parent / _SAMPLES,
        }
        self._run(
            *("make_thumbnails", bool, given, path.parent, on_progress),
            file_mb=_PICTURE_MB,
            increments=increments,
        )

    def make_player_audio(
        self,
        path: Path,
        info: MediaInfo,
        folder: Path,
        on_progress: Progress,
        muted: tuple[TimeRange, ...] | None = None,
    ) -> None:
        """See `stages.player_audio`."""
        given = {"media": path, "info": info, "folder": folder, "muted": muted}
        # A copied track may be as large as the file that holds it.
        most = info.size_bytes + self.limits.max_seconds * _PLAYER_BYTES_PER_SECOND
        self._run(
            *("make_player_audio", bool, given, path.parent, on_progress),
            file_mb=_megabytes(most),
        )

    def _run(
        self,
        operation: str,
        kind: Any,
        arguments: Mapping[str, Any],
        folder: Path,
        on_progress: Progress,
        *,
        cpu_seconds: int | None = None,
        file_mb: int = 1,
        readable: tuple[str, ...] = (),
        increments: Increments = NO_INCREMENTS,
    ) -> StageOutput[Any]:
        """Call an operation's stage, with arguments by their names there."""
        request = ChildRequest(
            operation=operation,
            arguments=arguments,
            folder=folder,
            kind=kind,
            sandbox=SandboxLimits(
                memory_mb=self.memory_mb,
                cpu_seconds=cpu_seconds or self.cpu_seconds,
                file_mb=file_mb,
                readable=readable,
            ),
            silence_seconds=self.silence_seconds,
            increments=increments,
        )
        return run_in_child(request, on_progress)


def _megabytes(size: float) -> int:
    return int(size) // (1 << 20) + 1
