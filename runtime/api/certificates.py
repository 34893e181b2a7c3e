"""Certificates of erasures as the API shows them."""

from pydantic import BaseModel, Field

from runtime.core.erasure import Certificate, Inventory, certificate_document
from runtime.core.jobs import Job


class RemainsModel(BaseModel):
    """A place that keeps copies or traces for some days, and until when."""

    place: str
    days: int
    until: str


class CertificateModel(BaseModel):
    """What was erased of a job, and what remains until when; times in ISO 8601, UTC."""

    schema_version: str
    job_id: str
    state: str = Field(description="erasing or erased")
    requested_at: str
    erased_at: str | None
    erased: dict[str, int] = Field(description="Numbers by store, and the bytes of all objects")
    id_kept_until: str | None = Field(description="The id alone, to remove late writes")
    remains: list[RemainsModel]


def certificate_model(certificate: Certificate) -> CertificateModel:
    """Return a certificate as an answer."""
    return CertificateModel(**certificate_document(certificate))


def begun_certificate(job: Job) -> CertificateModel:
    """Return the answer for a job whose erasure has just begun."""
    inventory = Inventory(requested_at=job.updated_at, counts={}, size_bytes=0)
    return certificate_model(Certificate(job_id=job.job_id, owner_digest="", inventory=inventory))
