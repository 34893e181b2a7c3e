"""Known voices over the API: enrolled by name and consent, proposed, never asserted, erased."""

from dataclasses import replace
from typing import Any

import pytest

from runtime.core.contract import attempt_folder, result_prefix
from runtime.core.jobs import Job
from runtime.core.media import Voice
from runtime.results.voices import VOICES_FILE, Voices, voices_bytes
from runtime.voices.matching import THRESHOLD, propose
from tests.golden.talk import FIRST, SECOND
from tests.unit.api.finished import finished
from tests.unit.api.world import ADMIN, BUCKET, OWNER, STRANGER, World

ADA, BEN, CLEO = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def heard(world: World, job: Job, **voices: tuple[float, ...]) -> None:
    """Keep voices of the job's speakers beside its results."""
    labels = {"first": FIRST, "second": SECOND}
    kept = tuple(
        Voice(speaker=labels[name], seconds=30.0, vector=vector, model="any-model")
        for name, vector in voices.items()
    )
    key = result_prefix(job.job_id) + attempt_folder(job.attempt) + VOICES_FILE
    content = voices_bytes(Voices(voices=kept))
    world.objects.write_bytes(content, BUCKET, key, "application/gzip")


def name(world: World, job: Job, speaker: str, text: str) -> None:
    edit = {"kind": "rename_speaker", "speaker": speaker, "name": text}
    answer = world.client.post(
        f"/v1/jobs/{job.job_id}/edits",
        json={"edits": [edit]},
        headers={**world.headers(), "If-Match": '"0"'},
    )
    assert answer.status_code == 200


def call(
    world: World, method: str, path: str, body: Any = None, caller: str = OWNER
) -> tuple[int, Any]:
    answer = world.client.request(method, f"/v1/{path}", json=body, headers=world.headers(caller))
    return answer.status_code, answer.json()


def enrolled(world: World) -> Job:
    """Enrol the first speaker of a recording as Ada."""
    job = finished(world)
    heard(world, job, first=ADA, second=BEN)
    name(world, job, FIRST, "Ada")
    status, sample = call(
        world,
        "POST",
        "voices",
        {"job_id": job.job_id, "speaker": FIRST, "consented_by": "Ada, in writing"},
    )
    assert (status, sample["consented_by"]) == (201, "Ada, in writing")
    return job


def again(world: World, **voices: tuple[float, ...]) -> Job:
    """Return another recording's job."""
    other = finished(world, "other.mp4")
    heard(world, other, **voices)
    return other


def test_should_propose_a_name_for_a_voice_that_was_enrolled(world: World) -> None:
    enrolled(world)
    job = again(world, first=BEN, second=(0.9, 0.1, 0.0))
    status, found = call(world, "GET", f"jobs/{job.job_id}/voices")
    assert status == 200
    (proposal,) = found["proposals"]
    assert (proposal["speaker"], proposal["name"]) == (SECOND, "Ada")
    assert 0.9 < proposal["confidence"] < 1.0
    # Proposed only: nothing is named until a person does it, and then nothing is proposed.
    assert call(world, "GET", f"jobs/{job.job_id}/edits")[1]["names"] == {}
    name(world, job, SECOND, "Ada")
    assert call(world, "GET", f"jobs/{job.job_id}/voices")[1] == {"proposals": []}


def test_should_list_and_erase_profiles_without_their_vectors(world: World) -> None:
    job = enrolled(world)
    _, listed = call(world, "GET", "voices")
    (profile,) = listed["profiles"]
    (sample,) = profile["samples"]
    assert (profile["name"], sample["job_id"], sample["enrolled_by"]) == ("Ada", job.job_id, OWNER)
    assert "vector" not in sample
    assert call(world, "DELETE", f"voices/{profile['profile']}") == (200, {"samples": 1})
    assert call(world, "DELETE", f"voices/{profile['profile']}")[0] == 404
    assert call(world, "GET", "voices")[1] == {"profiles": []}


def test_should_keep_one_sample_of_a_recordings_speaker(world: World) -> None:
    job = enrolled(world)
    body = {"job_id": job.job_id, "speaker": FIRST, "consented_by": "Ada, again"}
    assert call(world, "POST", "voices", body)[0] == 201
    (profile,) = call(world, "GET", "voices")[1]["profiles"]
    assert [sample["consented_by"] for sample in profile["samples"]] == ["Ada, again"]
    assert call(world, "DELETE", "voices") == (200, {"samples": 1})


@pytest.mark.parametrize("caller", [STRANGER, ADMIN])
def test_should_keep_profiles_to_their_owner(world: World, caller: str) -> None:
    job = enrolled(world)
    assert call(world, "GET", "voices", caller=caller)[1] == {"profiles": []}
    profile = call(world, "GET", "voices")[1]["profiles"][0]["profile"]
    assert call(world, "DELETE", f"voices/{profile}", caller=caller)[0] == 404
    assert call(world, "DELETE", "voices", caller=caller)[1] == {"samples": 0}
    assert len(call(world, "GET", "voices")[1]["profiles"]) == 1
    if caller == STRANGER:
        assert call(world, "GET", f"jobs/{job.job_id}/voices", caller=caller)[0] == 404


def test_should_not_enrol_whom_no_one_has_named_or_who_says_little(world: World) -> None:
    job = finished(world)
    body = {"job_id": job.job_id, "speaker": FIRST, "consented_by": "any"}
    status, problem = call(world, "POST", "voices", body)
    assert (status, problem["code"]) == (422, "voices.not_named")
    name(world, job, FIRST, "Ada")
    status, problem = call(world, "POST", "voices", body)
    assert (status, problem["code"]) == (422, "voices.too_little")
    status, problem = call(world, "POST", "voices", {**body, "consented_by": ""})
    assert status == 422


def test_should_serve_no_voice_as_a_file(world: World) -> None:
    job = enrolled(world)
    status, problem = call(world, "GET", f"jobs/{job.job_id}/results/{VOICES_FILE}")
    assert (status, problem["code"]) == (404, "not_found")
    status, problem = call(world, "GET", f"jobs/{job.job_id}/revisions/0/results/{VOICES_FILE}")
    assert (status, problem["code"]) == (404, "not_found")


def test_should_know_no_voices_where_an_environment_does_not_want_to() -> None:
    world = World(voices=None)
    job = finished(world)
    for method, path in (("GET", "voices"), ("GET", f"jobs/{job.job_id}/voices")):
        status, problem = call(world, method, path)
        assert (status, problem["code"]) == (409, "voices.off")
    world.client.close()


def test_should_propose_nothing_that_is_doubtful() -> None:
    def voice(*vector: float, seconds: float = 30.0, speaker: str = FIRST) -> Voice:
        return Voice(speaker=speaker, seconds=seconds, vector=vector)

    profiles = {"ada": [voice(*ADA)], "ben": [voice(*BEN)]}
    below = (THRESHOLD - 0.01, 0.0, (1 - (THRESHOLD - 0.01) ** 2) ** 0.5)
    assert propose([voice(*below)], profiles) == []
    assert propose([voice(1.0, 0.98, 0.0)], profiles) == []  # as much the one as the other
    assert propose([voice(*ADA, seconds=4.0)], profiles) == []
    assert propose([replace(voice(*ADA), model="another")], profiles) == []
    assert propose([voice(*ADA[:2])], profiles) == []
    assert propose([voice(*CLEO)], profiles) == []
    both = [voice(0.9, 0.1, 0.0), voice(*ADA, speaker=SECOND)]
    assert [each.speaker for each in propose(both, profiles)] == [SECOND]
