"""The pages as a process over the real API, the local issuer and the embedded AWS."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from local.ports import free_port
from runtime.aws import clients
from runtime.core.contract import (
    EnvVar,
    ResultFile,
    ServiceTable,
    attempt_folder,
    result_prefix,
)
from runtime.core.jobs import report, start, succeed, take_over
from runtime.core.media import Voice
from runtime.results.findings import findings_bytes
from runtime.results.render.files import render_files, render_manifest
from runtime.results.voices import VOICES_FILE, Voices, voices_bytes
from tests.browser.conftest import seconds, until, watch
from tests.browser.correctable import found_talk
from tests.browser.correcting import correct_and_undo
from tests.contract.job_stores import make_dynamo_store
from tests.emulator import empty_cloud

pytestmark = pytest.mark.browser

REGION, CLIENT, START_SECONDS = "us-east-1", "lifestream", 120


@dataclass(frozen=True, slots=True)
class Deployed:
    """The pages' address, the jobs that they show, and the bucket."""

    url: str
    store: Any
    s3: Any
    bucket: str


@pytest.fixture
def deployed(assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    issuer_port, api_port, web_port = free_port(), free_port(), free_port()
    issuer, api, web = (f"http://127.0.0.1:{port}" for port in (issuer_port, api_port, web_port))
    name = uuid4().hex[:12]
    with ExitStack() as stack:
        cloud = stack.enter_context(empty_cloud(tmp_path / "cloud"))
        for variable, value in cloud.aws_environment().items():
            monkeypatch.setenv(variable, value)
        s3, sqs, dynamodb = (
            stack.enter_context(closing(client))
            for client in (clients.s3(REGION), clients.sqs(REGION), clients.dynamodb(REGION))
        )
        s3.create_bucket(Bucket=f"media-{name}")
        rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [web], "AllowedHeaders": ["*"]}
        cors = {"CORSRules": [{**rule, "ExposeHeaders": ["ETag"]}]}
        s3.put_bucket_cors(Bucket=f"media-{name}", CORSConfiguration=cors)
        store, idempotency = make_dynamo_store(dynamodb)
        for table in ("uploads", "keys", "webhooks", "sessions"):
            keys = (ServiceTable.PARTITION_KEY, ServiceTable.SORT_KEY)
            dynamodb.create_table(
                TableName=f"{table}-{name}",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
                KeySchema=[
                    {"AttributeName": keys[0], "KeyType": "HASH"},
                    {"AttributeName": keys[1], "KeyType": "RANGE"},
                ],
            )
        variables = {
            "API_HOST": "127.0.0.1",
            EnvVar.WEB_HOST: "127.0.0.1",
            EnvVar.ENVIRONMENT: "test",
            EnvVar.AWS_REGION: REGION,
            EnvVar.JOBS_TABLE: store.jobs_table,
            EnvVar.IDEMPOTENCY_TABLE: idempotency,
            EnvVar.MEDIA_BUCKET: f"media-{name}",
            EnvVar.JOBS_QUEUE_URL: sqs.create_queue(QueueName=f"jobs-{name}")["QueueUrl"],
            EnvVar.UPLOADS_TABLE: f"uploads-{name}",
            EnvVar.API_KEYS_TABLE: f"keys-{name}",
            EnvVar.WEBHOOKS_TABLE: f"webhooks-{name}",
            EnvVar.SESSIONS_TABLE: f"sessions-{name}",
            EnvVar.OIDC_ISSUER: issuer,
            EnvVar.OIDC_AUDIENCE: CLIENT,
            EnvVar.OIDC_CLIENT_ID: CLIENT,
            EnvVar.API_PORT: str(api_port),
            EnvVar.WEB_PORT: str(web_port),
            EnvVar.WEB_API_URL: api,
            EnvVar.WEB_PUBLIC_URL: web,
            EnvVar.WEB_MEDIA_ORIGINS: cloud.endpoint_url,
            EnvVar.WEB_ASSETS: str(assets),
            EnvVar.KNOWN_VOICES: "true",
        }
        environ = {**os.environ, **{str(key): value for key, value in variables.items()}}
        state = ["--port", str(issuer_port), "--state-dir", str(tmp_path)]
        for module, arguments in (
            ("local.issuer", state),
            ("runtime.api", []),
            ("runtime.web", []),
        ):
            command = [sys.executable, "-m", module, *arguments]
            process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
            stack.callback(process.wait, START_SECONDS)
            stack.callback(process.terminate)
        for address in (
            f"{issuer}/.well-known/openid-configuration",
            f"{api}/health",
            f"{web}/health",
        ):
            wait_for(address)
        yield Deployed(web, store, s3, f"media-{name}")


def wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(address, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < deadline, f"{address} does not answer"
            time.sleep(0.05)
        else:
            return


class closing:  # noqa: N801 - a context manager, as in contextlib
    """Closes a client; contextlib's loses the client's type."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()


def test_a_recording_goes_from_the_drop_to_the_player(
    context: BrowserContext, complaints: list[str], deployed: Deployed, media: Path
) -> None:
    page = context.new_page()
    watch(page, complaints)
    page.goto(deployed.url)
    page.wait_for_selector("body[data-ready]")
    page.locator("[data-files]").set_input_files(media / "video.mp4")
    row = page.locator(".row", has_text="video.mp4")
    expect(row).to_be_visible()
    job_id = str(row.get_attribute("id")).removeprefix("job-")
    row.get_by_role("link").click()
    page.wait_for_selector("body[data-ready]")

    run_job(deployed, job_id, page)
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    page.wait_for_selector("body[data-ready]")
    until(page, "document.querySelector('[data-media]').duration > 50")
    page.locator(".cite").nth(1).click()
    assert seconds(page) > 3
    page.keyboard.press("c")
    until(page, "[...document.querySelector('[data-media]').textTracks].some(t => t.cues?.length)")
    page.locator("#find").fill("fishermen")
    page.keyboard.press("Enter")
    expect(page.locator("[data-search-count]")).to_have_text("1 of 1")
    correct_and_undo(page, word="stone", text="granite", speaker="Ada Byron", quoted=True)
    remember_and_forget(page, "Ada Byron")
    page.goto(f"{deployed.url}/operator")
    expect(page.get_by_role("heading", name="Queues and workers")).to_be_visible()
    page.get_by_label("Account", exact=True).last.click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert complaints == []


def remember_and_forget(page: Page, name: str) -> None:
    """Name a speaker, remember the voice with consent, and forget it again."""
    page.get_by_label("More about this recording").click()
    page.get_by_role("link", name="Voices").click()
    person = page.locator(".people > li").first
    person.get_by_label("Name of this speaker").fill(name)
    person.get_by_role("button", name="Name", exact=True).click()
    person.get_by_label("Who agreed, and how is it known?").fill("In writing")
    person.get_by_role("button", name="Remember").click()
    expect(person).to_contain_text("In writing")
    person.get_by_role("link", name="Forget it under known voices").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    person.get_by_text("Forget", exact=False).first.click()
    person.get_by_role("button", name="Forget this voice").click()
    expect(page.get_by_text("No voice is remembered.")).to_be_visible()


def run_job(deployed: Deployed, job_id: str, page: Page) -> None:
    """Do what dispatcher and processor do, in so far as the pages see it."""
    pending = deployed.store.get(job_id)
    now = pending.updated_at + 1
    claimed = take_over(pending, now=now, lease_seconds=600)
    running = start(claimed, now=now + 1, task_arn=None)
    reported = report(running, now=now + 2, stage="diarize", progress=0.5)
    for before, after in ((pending, claimed), (claimed, running), (running, reported)):
        deployed.store.save(before, after)
    expect(page.get_by_text("50 %").first).to_be_visible()
    result = replace(found_talk(), source=running.source)
    rendered = {**render_files(result), ResultFile.FINDINGS: findings_bytes(result)}
    heard = tuple(
        Voice(speaker=speaker.label, seconds=30.0, vector=(1.0, float(place)), model="any")
        for place, speaker in enumerate(result.speakers)
    )
    folder = attempt_folder(running.attempt)
    files = {
        **rendered,
        ResultFile.METRICS: b"{}",
        VOICES_FILE: voices_bytes(Voices(voices=heard)),
        ResultFile.MANIFEST: render_manifest(result, rendered, folder=folder),
    }
    prefix = result_prefix(job_id) + folder
    for name, content in files.items():
        deployed.s3.put_object(Bucket=deployed.bucket, Key=prefix + name, Body=content)
    done = succeed(reported, now=now + 3, result_key=prefix + ResultFile.SUMMARY_JSON)
    deployed.store.save(reported, done)
