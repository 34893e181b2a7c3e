"""Kills an upload again and again, and compares what arrives: bytes, and the number of jobs.

    python benchmarks/uploads.py [--megabytes 300] [--kills 3]

The command line uploads through an API on the local cloud; SIGKILL ends it while a part is sent.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.serving.cloud import running_service  # noqa: E402 - run by path
from local.cloud import REGION  # noqa: E402
from runtime.aws import clients  # noqa: E402
from runtime.core.contract import UPLOADS_PREFIX, EnvVar  # noqa: E402

MEGABYTE = 1 << 20
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
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    signed = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{api}/v1/jobs", headers=signed, timeout=30).raise_for_status().json()
    return Outcome(
        killed=killed,
        jobs=len(listed["items"]),
        identical=digest == _uploaded_digest(bucket),
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


def _uploaded_digest(bucket: str) -> str:
    s3 = clients.s3(REGION)
    (only,) = s3.list_objects_v2(Bucket=bucket, Prefix=UPLOADS_PREFIX)["Contents"]
    body = s3.get_object(Bucket=bucket, Key=only["Key"])["Body"]
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(MEGABYTE):
        digest.update(chunk)
    s3.close()
    return digest.hexdigest()


def main() -> int:
    """Upload a file of random bytes through a local cloud of its own; print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=300)
    options.add_argument("--kills", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_service() as service:
        file = Path(folder) / "talk.mp4"
        with file.open("wb") as content:
            for _ in range(given.megabytes):
                content.write(os.urandom(MEGABYTE))
        found = interrupted_upload(
            file,
            api=service.instances[0].url,
            token=service.token("any-owner"),
            bucket=service.resources[EnvVar.MEDIA_BUCKET],
            kills=given.kills,
        )
    print(
        f"{given.megabytes} MiB, killed {found.killed} times: {found.jobs} job(s), bytes "
        f"{'identical' if found.identical else 'DIFFERENT'}, {found.seconds:.1f} s"
    )
    return 0 if found.identical and found.jobs == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
