"""Pools of workers in memory."""

from dataclasses import replace

from runtime.core.contract import Compute
from runtime.core.service_ports import PoolState


class FakePools:
    """`pools` is open to tests."""

    def __init__(self) -> None:
        self.pools: dict[Compute, PoolState] = {}

    def state(self, kind: Compute) -> PoolState | None:
        return self.pools.get(kind)

    def change(
        self,
        kind: Compute,
        *,
        min_tasks: int | None = None,
        max_tasks: int | None = None,
        paused: bool | None = None,
    ) -> None:
        given = {"min_tasks": min_tasks, "max_tasks": max_tasks, "paused": paused}
        changes = {name: value for name, value in given.items() if value is not None}
        self.pools[kind] = replace(self.pools[kind], **changes)  # type: ignore[arg-type]
