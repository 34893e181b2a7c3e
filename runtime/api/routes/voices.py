"""Known voices: profiles that people enrolled with consent, and names proposed by them."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from runtime.api.access import Parts, Reader, Writer, own_job
from runtime.api.correcting import answered, revisions
from runtime.api.identity import Caller
from runtime.api.models import RequestBody
from runtime.api.problems import conflict, invalid, not_found
from runtime.api.routing import IdempotentRoute
from runtime.api.services import Services
from runtime.corrections.revisions import Corrected
from runtime.results.voices import Voices, read_voices
from runtime.voices.matching import FEWEST_SECONDS, propose
from runtime.voices.profiles import (
    Profiles,
    Sample,
    VoicesFullError,
    profile_id,
    sample_of,
    voices_of,
)

router = APIRouter(prefix="/v1", tags=["voices"], route_class=IdempotentRoute)


class Enrolment(RequestBody):
    """A speaker whom a person has named; `consented_by` is who agreed, and how it is known."""

    job_id: str = Field(max_length=100)
    speaker: str = Field(max_length=20)
    consented_by: str = Field(min_length=1, max_length=500)
    consented_at: float | None = Field(default=None, ge=0)


class SampleModel(BaseModel):
    """A recording that a profile was enrolled from, without the vector, which stays inside."""

    job_id: str
    speaker: str
    seconds: float
    model: str
    consented_by: str
    consented_at: float
    enrolled_by: str
    enrolled_at: float


class ProfileModel(BaseModel):
    """A person's voice; one profile for a name."""

    profile: str
    name: str
    samples: list[SampleModel]


class ProfilesModel(BaseModel):
    """All that is kept of voices for the caller: also what an export contains."""

    profiles: list[ProfileModel]


class ProposalModel(BaseModel):
    """A name that a speaker may have; a person decides."""

    speaker: str
    profile: str
    name: str
    similarity: float
    confidence: float


class ProposalsModel(BaseModel):
    """What is proposed for a recording's speakers who have no name."""

    proposals: list[ProposalModel]


class ErasedModel(BaseModel):
    """How many samples were erased."""

    samples: int


@router.get("/voices")
def list_voices(services: Parts, caller: Reader) -> ProfilesModel:
    """Return the caller's profiles, with who consented and when."""
    samples = _profiles(services).of_owner(caller.owner)
    names = dict.fromkeys((sample.profile, sample.name) for sample in samples)
    return ProfilesModel(
        profiles=[
            ProfileModel(
                profile=profile,
                name=name,
                samples=[_model(sample) for sample in samples if sample.profile == profile],
            )
            for profile, name in names
        ]
    )


@router.post("/voices", status_code=201)
def enrol_voice(services: Parts, caller: Writer, given: Enrolment) -> SampleModel:
    """Enrol the voice of a speaker whom a person has named in the recording's corrections."""
    profiles = _profiles(services)
    current, voices = _recording(services, caller, given.job_id)
    name = current.document.names.get(given.speaker)
    if name is None:
        raise invalid(
            "voices.not_named", "No person has named this speaker.", "Name the speaker first."
        )
    voice = next((each for each in voices.voices if each.speaker == given.speaker), None)
    if voice is None or voice.seconds < FEWEST_SECONDS:
        raise invalid(
            "voices.too_little",
            f"The speaker has less than {FEWEST_SECONDS:.0f} s alone, or the voice was not kept.",
            "Enrol from another recording, or run this one again.",
        )
    now = services.clock.now()
    sample = sample_of(
        voice,
        profile=profile_id(caller.owner, name),
        name=name,
        job_id=current.job.job_id,
        model=voice.model,
        consented_by=given.consented_by,
        consented_at=now if given.consented_at is None else given.consented_at,
        enrolled_by=caller.owner,
        enrolled_at=now,
    )
    try:
        profiles.enrol(caller.owner, sample)
    except VoicesFullError as error:
        raise conflict("No more samples are kept.", "Erase some.", code="voices.full") from error
    return _model(sample)


@router.delete("/voices")
def erase_voices(services: Parts, caller: Writer) -> ErasedModel:
    """Erase all of the caller's profiles."""
    return ErasedModel(samples=_profiles(services).erase(caller.owner))


@router.delete("/voices/{profile}")
def erase_voice(
    services: Parts, caller: Writer, profile: Annotated[str, Path(max_length=40)]
) -> ErasedModel:
    """Erase a profile."""
    erased = _profiles(services).erase(caller.owner, profile)
    if not erased:
        raise not_found("profile")
    return ErasedModel(samples=erased)


@router.get("/jobs/{job_id}/voices")
def propose_names(services: Parts, caller: Reader, job_id: str) -> ProposalsModel:
    """Return names that the recording's speakers without one may have, by the caller's profiles."""
    current, voices = _recording(services, caller, job_id)
    samples = _profiles(services).of_owner(caller.owner)
    names = {sample.profile: sample.name for sample in samples}
    unnamed = [each for each in voices.voices if each.speaker not in current.document.names]
    return ProposalsModel(
        proposals=[
            ProposalModel(name=names[each.profile], **asdict(each))
            for each in propose(unnamed, voices_of(samples))
        ]
    )


def _recording(services: Services, caller: Caller, job_id: str) -> tuple[Corrected, Voices]:
    """Return the current results of the caller's job with its voices; not of another's."""
    job = own_job(services, caller, job_id)
    _profiles(services)
    current = answered(lambda: revisions(services).read(job))
    return current, read_voices(current.results, services.objects)


def _profiles(services: Services) -> Profiles:
    if services.voices is None:
        raise conflict(
            "This environment knows no voices.", "An operator turns it on.", code="voices.off"
        )
    return services.voices


def _model(sample: Sample) -> SampleModel:
    return SampleModel.model_validate(sample, from_attributes=True)
