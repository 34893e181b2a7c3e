"""The restore drill: newest recovery points into tables and a prefix of its own, compared.

What is restored is compared with what is there, and removed again; nothing else is changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifestream.adapters import Clients
from runtime.aws.sdk_errors import typed_faults
from runtime.core.clock import MonotonicClock, Sleeper
from runtime.core.errors import Permanent

DRILL_PREFIX = "restore-drill/"
"""Below it, nothing is an upload or a result."""

POLL_SECONDS = 5.0
LONGEST_SECONDS = 4 * 3600.0
"""AWS states no bound of a restore; beyond this the recovery objective is missed."""

Item = Mapping[str, Any]
Contents = Mapping[str, Item]
"""Items of a table by their key, as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDrill:
    """A restored table against its source: counts of items, and the time that it took.

    `newer` items were written after the recovery point. `lost` and `different` are older ones
    that the restored table lacks, or has with other content.
    """

    table: str
    recovered_to: float
    restored: int
    newer: int
    lost: int
    different: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything older than the recovery point came back as it was."""
        return not (self.lost or self.different)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDrill:
    """Objects that were brought back below the drill's prefix, and those that differ."""

    restored: int
    different: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether each is what the version was."""
        return not self.different


@dataclass(frozen=True, slots=True)
class DrillClock:
    """The time between polls, and how long they took."""

    monotonic: MonotonicClock
    sleeper: Sleeper


def compare(
    live: Contents, restored: Contents, *, recovered_to: float, written_at: Callable[[Item], float]
) -> dict[str, int]:
    """Return the counts of newer, lost and different items; `written_at` is 0 where none is known.

    An item that was written after the recovery point may be missing, or differ.
    """
    counts = {"newer": 0, "lost": 0, "different": 0}
    for key, item in live.items():
        if written_at(item) >= recovered_to:
            counts["newer"] += 1
        elif key not in restored:
            counts["lost"] += 1
        elif restored[key] != item:
            counts["different"] += 1
    return counts


def written_at(item: Item) -> float:
    """Return when an item was last written, in seconds since the epoch; 0 where it does not say."""
    for name in ("updated_at", "created_at"):
        if "N" in item.get(name, {}):
            return float(item[name]["N"])
    return 0.0


def drill_table(aws: Clients, table: str, *, target: str, clock: DrillClock) -> TableDrill:
    """Restore a table to its newest point in time under another name, compare, remove it."""
    client = aws("dynamodb")
    live = contents(client, table)
    began = clock.monotonic.monotonic()
    with typed_faults(f"restoring the table {table}"):
        recovered_to = _newest_point(client, table)
        client.restore_table_to_point_in_time(
            SourceTableName=table, TargetTableName=target, UseLatestRestorableTime=True
        )
    try:
        _await_active(client, target, clock)
        seconds = clock.monotonic.monotonic() - began
        restored = contents(client, target)
    finally:
        with typed_faults(f"removing the table {target}"):
            client.delete_table(TableName=target)
    counts = compare(live, restored, recovered_to=recovered_to, written_at=written_at)
    return TableDrill(
        table=table, recovered_to=recovered_to, restored=len(restored), seconds=seconds, **counts
    )


def _newest_point(client: Any, table: str) -> float:
    found = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    described = found.get("PointInTimeRecoveryDescription", {})
    if "LatestRestorableDateTime" not in described:
        raise Permanent(
            "restore.no_recovery_point",
            f"The table {table} has no recovery point.",
            "Deploy the environment again: it turns point-in-time recovery on.",
        )
    return float(described["LatestRestorableDateTime"].timestamp())


def _await_active(client: Any, table: str, clock: DrillClock) -> None:
    deadline = clock.monotonic.monotonic() + LONGEST_SECONDS
    while clock.monotonic.monotonic() < deadline:
        with typed_faults(f"reading the table {table}"):
            if client.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE":
                return
        clock.sleeper.sleep(POLL_SECONDS)
    raise Permanent(
        "restore.too_slow",
        f"The table {table} was not restored within {LONGEST_SECONDS / 3600:.0f} hours.",
        "Look at it in the console of DynamoDB, and remove it.",
    )


def contents(client: Any, table: str) -> dict[str, Item]:
    """Return all items of a table by their key."""
    with typed_faults(f"reading the table {table}"):
        schema = client.describe_table(TableName=table)["Table"]["KeySchema"]
        names = [each["AttributeName"] for each in schema]
        pages = client.get_paginator("scan").paginate(TableName=table)
        return {
            "|".join(str(item[name]) for name in names): item
            for page in pages
            for item in page["Items"]
        }


def drill_objects(aws: Clients, bucket: str, *, below: str, most: int) -> ObjectDrill:
    """Bring deleted objects back below the drill's prefix, or else present ones, and compare.

    Up to `most`; the copies are removed, and their versions expire like others.
    """
    client = aws("s3")
    different, count = [], 0
    with typed_faults(f"restoring objects of {bucket}"):
        for version in _versions(client, bucket, most):
            source = {
                "Bucket": bucket,
                "Key": version["Key"],
                "VersionId": version["VersionId"],
            }
            target = f"{below}{version['Key']}"
            client.copy_object(Bucket=bucket, Key=target, CopySource=source)
            found = client.head_object(Bucket=bucket, Key=target)
            if found["ContentLength"] != version["Size"]:
                different.append(version["Key"])
            client.delete_object(Bucket=bucket, Key=target)
            count += 1
    return ObjectDrill(restored=count, different=tuple(different))


def _versions(client: Any, bucket: str, most: int) -> Iterator[Mapping[str, Any]]:
    """Yield the newest version of deleted objects first, then of present ones, outside the drill.

    CopyObject takes 5 GB; larger ones are left out.
    """
    pages = list(client.get_paginator("list_object_versions").paginate(Bucket=bucket))
    gone = {
        marker["Key"]
        for page in pages
        for marker in page.get("DeleteMarkers", [])
        if marker["IsLatest"]
    }
    seen: set[str] = set()
    newest = []
    for page in pages:
        for version in page.get("Versions", []):
            key = version["Key"]
            if key in seen or key.startswith(DRILL_PREFIX) or version["Size"] > _COPY_BYTES:
                continue
            seen.add(key)
            newest.append(version)
    newest.sort(key=lambda version: version["Key"] not in gone)
    yield from newest[:most]


_COPY_BYTES = 5 * 10**9
