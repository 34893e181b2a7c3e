"""The service itself: what it is, whether it lives, who the caller is."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from runtime.api.access import Parts, Reader, authenticated
from runtime.api.health import DependencyModel
from runtime.api.identity import Caller, Scope
from runtime.api.upload_options import options_schema
from runtime.core.contract import SERVICE_NAME, VERSION

router = APIRouter(tags=["service"])


class About(BaseModel):
    """What this service is and can do."""

    service: str
    version: str
    environment: str
    features: dict[str, bool]


class HealthModel(BaseModel):
    """Liveness; the status is 200 as long as the process answers."""

    status: str
    version: str
    ecsDeployment: bool  # noqa: N815 - the contract's name
    activeJobs: int  # noqa: N815 - the same
    taskProtectionActive: bool  # noqa: N815 - the same
    taskProtectionMonitoring: bool  # noqa: N815 - the same
    dependencies: list[DependencyModel]


class Ready(BaseModel):
    """Whether the instance may get requests."""

    ready: bool


class Me(BaseModel):
    """The caller."""

    owner: str
    email: str | None
    scopes: list[Scope]
    admin: bool


@router.get("/")
def about(services: Parts) -> About:
    """Return what this service is."""
    return About(
        service=f"{SERVICE_NAME}-api",
        version=VERSION,
        environment=services.environment,
        features=dict(services.features),
    )


@router.get("/health")
def health(services: Parts) -> HealthModel:
    """Return liveness and the state of each dependency."""
    return HealthModel(**services.health.liveness())


@router.get("/ready", responses={503: {"model": Ready}})
def ready(services: Parts, response: Response) -> Ready:
    """Return 200, or 503 while a dependency fails or the instance ends."""
    is_ready = services.health.ready()
    response.status_code = 200 if is_ready else 503
    return Ready(ready=is_ready)


@router.get("/v1/me")
async def me(caller: Annotated[Caller, Depends(authenticated)]) -> Me:
    """Return who the caller is and may do."""
    return Me(
        owner=caller.owner, email=caller.email, scopes=sorted(caller.scopes), admin=caller.admin
    )


@router.get("/v1/options")
def options(_caller: Reader) -> dict[str, Any]:
    """Return a JSON Schema of the options of an upload."""
    return options_schema()
