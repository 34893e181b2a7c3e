"""Gap (1.5.33, upstream): services deploy rolling only; changes the load balancer's rules."""

from ministack.services import alb

from local.emulator.ecs.blue_green import traffic
from local.emulator.ecs.blue_green.run import Record, Run
from local.emulator.ecs.blue_green.stages import Side, wanted


def sides(service: Record, run: Run) -> tuple[Side, Side | None]:
    """Return the sides that production and test traffic is forwarded to."""
    balancers = traffic.balanced(service)
    if not balancers or run.blocked:
        # There is nothing to shift, so that each shift is done at once.
        asked = wanted(run.progress)
        return asked.production, asked.test
    pairs = list(zip(balancers, run.green, strict=True))
    tested = [(each.test_rule, group) for each, group in pairs if each.test_rule]
    production = traffic.side(alb._rules, [each.production_rule for each in balancers], run.green)
    test = traffic.side(alb._rules, [arn for arn, _ in tested], [group for _, group in tested])
    return production, test if tested else None


def shift(service: Record, run: Run) -> None:
    """Let every rule forward to where the progress of a run wants it."""
    if run.progress.is_over:
        return
    asked = wanted(run.progress)
    for number, each in enumerate(traffic.balanced(service)):
        for arn, to in ((each.production_rule, asked.production), (each.test_rule, asked.test)):
            group = run.groups(to)[number]
            traffic.shift(alb._rules, arn, to=group, away=each.other(group))


def blocked(service: Record, balancers: tuple[traffic.Balanced, ...]) -> str:
    """Return why no traffic can be shifted, else an empty text."""
    return traffic.networking_problem(alb._rules, balancers) or next(
        filter(None, (missing_rights(service, each) for each in balancers)), ""
    )


def missing_rights(service: Record, balancer: traffic.Balanced) -> str:
    """Return that the role lacks rights; they are checked where permissions are enforced."""
    del service, balancer
    return ""
