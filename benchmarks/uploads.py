"""Kills an upload again and again, and compares what arrives: bytes, and the number of jobs.

    python benchmarks/uploads.py [--megabytes 300] [--kills 3]

The command line uploads through an API on the local cloud; SIGKILL ends it while a part is sent.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.api_process import AUDIENCE, running_issuer, start_api  # noqa: E402
from local.api_resources import create_api_resources  # noqa: E402
from local.cloud import REGION, LocalCloud  # noqa: E402
from local.images import Images  # noqa: E402
from runtime.aws import clients  # noqa: E402
from runtime.core.contract import UPLOADS_PREFIX, EnvVar  # noqa: E402

MEGABYTE = 1 << 20
CHUNK_BYTES = 1 << 20
POLL_SECONDS = 0.02
LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an upload: how often it was killed, its jobs, whether the bytes are equal."""

    killed: int
    jobs: int
    identical: bool
    seconds: float


def interrupted_upload(file: Path, *, api: str, token: str, bucket: str, kills: int) -> Outcome:
    """Upload a file, killing the command after each of the first parts; then let it end."""
    began, killed, parts = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "lifestream", "upload", str(file)]
        command += ["--api", api, "--token", token]
        environment = {**os.environ, "HOME": home, "XDG_STATE_HOME": home, "NO_PROXY": "127.0.0.1"}
        while killed < kills:
            with subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                reached = _await_parts(bucket, more_than=parts, process=process)
                if process.poll() is not None:
                    break
                process.send_signal(signal.SIGKILL)
            parts, killed = reached, killed + 1
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return Outcome(
        killed=killed,
        jobs=len(_jobs(api, token)),
        identical=_digest(_chunks(file)) == _uploaded_digest(bucket),
        seconds=time.monotonic() - began,
    )


def _await_parts(bucket: str, *, more_than: int, process: "subprocess.Popen[bytes]") -> int:
    """Wait until S3 has more parts of the upload; return how many. Ends with the process."""
    s3 = clients.s3(REGION)
    deadline, found = time.monotonic() + LONGEST_SECONDS, 0
    while found <= more_than and process.poll() is None and time.monotonic() < deadline:
        uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        found = sum(
            len(
                s3.list_parts(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"]).get(
                    "Parts", []
                )
            )
            for each in uploads
        )
        time.sleep(POLL_SECONDS)
    s3.close()
    return found


def _jobs(api: str, token: str) -> list[Any]:
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        f"{api}/v1/jobs", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        items: list[Any] = json.loads(answer.read())["items"]
    return items


def _uploaded_digest(bucket: str) -> str:
    s3 = clients.s3(REGION)
    (only,) = s3.list_objects_v2(Bucket=bucket, Prefix=UPLOADS_PREFIX)["Contents"]
    body = s3.get_object(Bucket=bucket, Key=only["Key"])["Body"]
    digest = _digest(body.iter_chunks(CHUNK_BYTES))
    s3.close()
    return digest


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            yield chunk


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def main() -> int:
    """Upload a file of random bytes through a local cloud of its own; print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=300)
    options.add_argument("--kills", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "talk.mp4"
        with file.open("wb") as content:
            for _ in range(given.megabytes):
                content.write(os.urandom(MEGABYTE))
        with (
            LocalCloud.start(
                state_dir=folder / "cloud", images=Images(), lambda_python=Path(sys.executable)
            ) as cloud,
            running_issuer(folder) as issuer,
        ):
            os.environ.update(cloud.aws_environment())
            resources = create_api_resources(issuer=issuer["issuer"], audience=AUDIENCE)
            instance = start_api(resources, folder=folder)
            try:
                instance.await_ready()
                found = interrupted_upload(
                    file,
                    api=instance.url,
                    token=issuer["token"],
                    bucket=resources[EnvVar.MEDIA_BUCKET],
                    kills=given.kills,
                )
            finally:
                instance.stop()
    print(
        f"{given.megabytes} MiB, killed {found.killed} times: {found.jobs} job(s), bytes "
        f"{'identical' if found.identical else 'DIFFERENT'}, {found.seconds:.1f} s"
    )
    return 0 if found.identical and found.jobs == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
