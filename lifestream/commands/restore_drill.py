"""`restore-drill`: proves that tables and objects can be restored, and takes the time."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from lifestream import adapters
from lifestream.doctor.aws_reader import table_names
from lifestream.environment import merged_outputs
from lifestream.restore_drill import (
    DRILL_PREFIX,
    DrillClock,
    ObjectDrill,
    TableDrill,
    drill_objects,
    drill_table,
)
from lifestream.session import JsonOption, Session, in_session
from runtime.core.clock import SystemClock
from runtime.core.contract import Output


@in_session
def restore_drill(
    session: Session,
    *,
    objects: Annotated[int, typer.Option(min=0, help="At most so many objects.")] = 20,
    as_json: JsonOption = False,
) -> int:
    """Restore every table and some objects beside the present ones, compare, remove them.

    The exit status is 1 when anything that is older than its recovery point is missing or differs.
    """
    aws, screen, clock = session.aws, session.screen, SystemClock()
    stacks = adapters.stacks(aws, session.environment)
    outputs = merged_outputs(stacks)
    stamp = f"{datetime.fromtimestamp(clock.now(), UTC):%Y%m%d%H%M%S}"
    tables = []
    for table in table_names(aws, stacks):
        with screen.busy(f"Restoring {table}"):
            tables.append(
                drill_table(
                    aws,
                    table,
                    target=f"{table}-drill-{stamp}",
                    clock=DrillClock(clock, clock),
                )
            )
    with screen.busy("Restoring objects"):
        media = drill_objects(
            aws,
            outputs[Output.MEDIA_BUCKET],
            below=f"{DRILL_PREFIX}{stamp}/",
            most=objects,
        )
    passed = media.passed and all(table.passed for table in tables)
    if as_json:
        screen.json(document(tables, media, passed=passed))
    else:
        for line in lines(tables, media):
            screen.say(line)
    return 0 if passed else 1


def document(tables: list[TableDrill], media: ObjectDrill, *, passed: bool) -> dict[str, object]:
    """Return the outcome for a script."""
    return {
        "passed": passed,
        "tables": [{**asdict(each), "seconds": round(each.seconds, 1)} for each in tables],
        "objects": {"restored": media.restored, "different": list(media.different)},
    }


def lines(tables: list[TableDrill], media: ObjectDrill) -> list[str]:
    """Return the outcome for a person."""
    found = [
        f"{'ok  ' if each.passed else 'FAIL'}  {each.table}: {each.restored} items as of"
        f" {datetime.fromtimestamp(each.recovered_to, UTC):%Y-%m-%d %H:%M:%S} UTC in"
        f" {each.seconds:.0f} s; {each.newer} newer, {each.lost} lost, {each.different} different"
        for each in tables
    ]
    different = f"; different: {', '.join(media.different)}" if media.different else ""
    mark = "ok  " if media.passed else "FAIL"
    return [*found, f"{mark}  {media.restored} objects restored{different}"]
