"""What an organization prescribes to everything in an environment: tags, and limits of roles."""

from typing import Annotated

from cdk.config.settings import Settings, Violations, rule
from cdk.config.values import text

TagValue = Annotated[
    str, text(r"[A-Za-z0-9 _.:/=+@-]{1,256}", "a tag's value: letters, digits, spaces, _.:/=+@-")
]
PolicyName = Annotated[
    str, text(r"[\w+=,.@/-]{1,128}", "the name of a managed policy, with its path")
]
RolePath = Annotated[str, text(r"/([A-Za-z0-9_.-]+/)+", "a path such as /lifestream/ in quotes")]
Qualifier = Annotated[str, text("[a-z0-9]{1,10}", "1 to 10 lower-case letters and digits")]


class TagsConfig(Settings):
    """Tags beside `Service` and `Environment`. Without the table [tags] there are none."""

    owner: TagValue | None = None
    """Who answers for the environment: the tag `Owner`."""
    cost_centre: TagValue | None = None
    """Who pays: the tag `CostCentre`."""
    data_class: TagValue | None = None
    """How confidential its data is: the tag `DataClass`."""

    @rule("owner")
    def _some_tag(self) -> Violations:
        if not any((self.owner, self.cost_centre, self.data_class)):
            yield "given, or one of the others, or the table left out"


class GuardrailsConfig(Settings):
    """What the account demands of roles and deployments. Without the table, CDK's defaults."""

    permissions_boundary: PolicyName | None = None
    """The managed policy that limits every role."""
    role_path: RolePath | None = None
    """The path of every role."""
    bootstrap_qualifier: Qualifier | None = None
    """The qualifier of the bootstrap stack to deploy with; left out, hnb659fds."""
