"""The windows that diarization looks through, a block of them at a time, from disk to parts."""

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Increments

BLOCK_WINDOWS = 32
"""A multiple of the segmentation's batch, so that batches are the same in any block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Some windows in order: who is active when, and the voices of who is.

    `activity` is (windows, frames, speakers), in bytes where it is 0 and 1, as twelve hours have 76
    million; `voices` is (windows, speakers, dimension) with NaN for silent speakers.
    """

    activity: NDArray[np.uint8] | NDArray[np.float32]
    voices: NDArray[np.float32]


class Recording:
    """A WAV file of 16-bit mono sound, read where it is needed."""

    def __init__(self, path: Path) -> None:
        """Look at its head."""
        self._path = path
        with wave.open(str(path), "rb") as wav:
            self.count = wav.getnframes()
            self.sample_rate = wav.getframerate()

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """Return the samples from `start` to `end` or the file's end, -1 to 1."""
        with wave.open(str(self._path), "rb") as wav:
            wav.setpos(start)
            pcm = np.frombuffer(wav.readframes(end - start), np.int16)
        return pcm.astype(np.float32) / np.float32(32768)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where windows lie: `count` of `size` samples, one every `step`; the last may reach over."""

    size: int
    step: int
    count: int
    samples: int

    @classmethod
    def of(cls, inference: Any, recording: Recording) -> "Grid":
        """Lay the windows of a pyannote `Inference` over a recording, as it does."""
        size = inference.model.audio.get_num_samples(inference.duration)
        return cls.over(recording, size=size, step=round(inference.step * recording.sample_rate))

    @classmethod
    def over(cls, recording: Recording, *, size: int, step: int) -> "Grid":
        """Lay windows of `size` samples over a recording, one every `step`."""
        over = recording.count - size
        count = 1 if over < 0 else over // step + 1 + (over % step > 0)
        return cls(size=size, step=step, count=count, samples=recording.count)

    def samples_of_block(self, first: int, windows: int = BLOCK_WINDOWS) -> tuple[int, int]:
        """Return the first sample of the block that starts at a window, and the one after it."""
        last = min(first + windows, self.count) - 1
        return first * self.step, min(last * self.step + self.size, self.samples)


def compact(activity: NDArray[Any]) -> NDArray[Any]:
    """Return activity in a byte each if it is all 0 and 1, else as it is."""
    whole = activity.astype(np.uint8)
    return whole if np.array_equal(whole, activity) else activity


def unit_of(block: Windows) -> bytes:
    """Return a block as bytes."""
    with io.BytesIO() as out:
        np.savez_compressed(out, activity=block.activity, voices=block.voices)
        return out.getvalue()


def block_of(unit: bytes) -> Windows:
    """Return the block that `unit_of` made bytes of."""
    with np.load(io.BytesIO(unit), allow_pickle=False) as arrays:
        return Windows(activity=arrays["activity"], voices=arrays["voices"])


def windows_of(
    count: int,
    in_block: int,
    block_at: Callable[[int], Windows],
    increments: Increments,
    on_progress: Progress,
) -> Windows:
    """Return all windows of a recording; each block of them, computed or kept, is a unit."""
    blocks = [block_of(unit) for unit in increments.done]
    done = sum(len(block.activity) for block in blocks)
    for first in range(done, count, in_block):
        blocks.append(block_at(first))
        increments.add(unit_of(blocks[-1]))
        on_progress((first + len(blocks[-1].activity)) / count)
    return Windows(
        activity=np.concatenate([block.activity for block in blocks]),
        voices=np.concatenate([block.voices for block in blocks]),
    )
