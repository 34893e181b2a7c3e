"""Who may use the objects of the media bucket, beyond what the policies of roles say."""

from typing import Annotated

from pydantic import Field

from cdk.config.settings import Settings, Violations, rule
from cdk.config.values import Several, text

OrganizationId = Annotated[
    str, text("o-[a-z0-9]{10,32}", "an organization's id such as o-0a1b2c3d4e in quotes")
]
EndpointId = Annotated[
    str, text("vpce-[0-9a-f]{8,17}", "a VPC endpoint's id such as vpce-0a1b2c3d in quotes")
]


class AccessConfig(Settings):
    """Limits of the media bucket's objects. Without [access] the policies of roles decide alone.

    The bucket's settings stay open to administrators of the account, so that no mistake here locks
    out a deployment.
    """

    organization: OrganizationId | None = None
    """The only AWS organization whose members may read, write and list objects."""
    vpc_endpoints: Annotated[Several[EndpointId], Field(max_length=20)] | None = None
    """Endpoints of S3 through which alone objects are read and written, beside the environment's
    own; functions of the environment are exempt. An empty list admits its own alone."""
    data_events: bool = False
    """Whether CloudTrail records each call on an object, beside the access logs."""

    @rule("organization")
    def _some_limit(self) -> Violations:
        if self.organization is None and self.vpc_endpoints is None and not self.data_events:
            yield "given, or one of the others, or the table left out"
