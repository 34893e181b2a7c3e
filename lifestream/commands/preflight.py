"""`preflight`: prints what an account lacks for an environment; the status is 1 if anything."""

from lifestream import adapters
from lifestream.commands.doctor import ENVIRONMENTS, report
from lifestream.preflight.account import read_account
from lifestream.preflight.checks import check_account
from lifestream.preflight.needs import read_needs
from lifestream.session import JsonOption, Session, in_session
from runtime.core.contract import stack_prefix


@in_session
def examine(session: Session, *, as_json: JsonOption = False) -> int:
    """Check quotas, roles, addresses, bootstrap and image before the first deployment.

    The exit status is 1 when anything is missing. Each finding has the command that mends it.
    """
    needs = read_needs(ENVIRONMENTS / f"{session.environment}.toml")
    prefix = stack_prefix(needs.environment)
    account = read_account(
        session.aws,
        needs,
        lambda: [s for s in adapters.listed_stacks(session.aws) if s.name.startswith(prefix)],
    )
    return report(check_account(needs, account), session, as_json=as_json)
