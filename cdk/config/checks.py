"""Rules between settings: values that are right one by one and wrong together."""

from collections.abc import Iterator, Mapping
from typing import Any

from cdk.config.check import Check, Refusal
from cdk.config.network_checks import NETWORK_CHECKS
from cdk.config.rules import FARGATE_MEMORY_MIB

LAMBDA_VISIBILITY_FACTOR = 6
"""AWS asks for a visibility timeout of at least six function timeouts on a Lambda's source."""

DISK_FOR_THE_REST_GIB = 15
"""The image takes 3 at most, a day of decoded sound 3, and the sound for players a few."""


def refusals(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield what does not go together among accepted values, given by dotted key.

    A check is left out when one of its settings was refused by itself: that is reported already.
    """
    for check in CHECKS:
        if all(key in values for key in check.keys):
            allowed = check.allowed(*(values[key] for key in check.keys))
            if allowed is not None:
                yield Refusal(key=check.keys[0], given=values[check.keys[0]], allowed=allowed)


def _memory(memory_mib: int, cpu: int) -> str | None:
    sizes = FARGATE_MEMORY_MIB[cpu]
    if memory_mib in sizes:
        return None
    listed = ", ".join(map(str, sizes))
    return f"with processor.cpu = {cpu} one of {listed} (the pairs that Fargate offers)"


def _visibility(visibility: int, function_timeout: int) -> str | None:
    least = LAMBDA_VISIBILITY_FACTOR * function_timeout
    if visibility >= least:
        return None
    return (
        f"at least {least}, {LAMBDA_VISIBILITY_FACTOR} x dispatcher.timeout_seconds"
        f" = {function_timeout} (else a message comes again while it is being worked on)"
    )


def _lease(lease: int, function_timeout: int, visibility: int) -> str | None:
    if function_timeout < lease <= visibility:
        return None
    return (
        f"more than dispatcher.timeout_seconds = {function_timeout} (a live dispatcher keeps its"
        f" claim) and at most queue.visibility_timeout_seconds = {visibility}"
        " (the message that comes again finds the claim expired)"
    )


def _sweep(reaper_timeout: int, sweep_minutes: int) -> str | None:
    most = 60 * sweep_minutes
    if reaper_timeout <= most:
        return None
    return f"at most {most}, reaper.sweep_minutes = {sweep_minutes} (sweeps would overlap)"


def _silence(silence: int, job_timeout: int) -> str | None:
    if silence < job_timeout:
        return None
    return (
        f"less than processor.job_timeout_seconds = {job_timeout}"
        " (else a hung job is only noticed when it is overdue)"
    )


def _age(oldest_message: int, visibility: int) -> str | None:
    least = 2 * visibility
    if oldest_message >= least:
        return None
    return (
        f"at least {least}, 2 x queue.visibility_timeout_seconds = {visibility}"
        " (a message that comes again once is no reason to wake anybody)"
    )


def _region(region: str | None, account: str | None) -> str | None:
    if (region is None) == (account is None):
        return None
    return f"given together with account, now {account!r} (name both or neither)"


def _retain(retain_data: bool, name: str) -> str | None:  # noqa: FBT001 - as above
    if retain_data or not (name == "prod" or name.startswith("prod-")):
        return None
    return f"true in {name!r} (production data outlives its stack)"


def _fewest(min_tasks: int, max_tasks: int) -> str | None:
    return None if min_tasks <= max_tasks else f"at most pool.max_tasks = {max_tasks}"


def _base(on_demand_base: int, max_tasks: int, on_demand_weight: int) -> str | None:
    if on_demand_base > max_tasks:
        return f"at most pool.max_tasks = {max_tasks}"
    if on_demand_base and not on_demand_weight:
        return "0 while pool.on_demand_weight = 0 (ECS places nothing on capacity of no weight)"
    return None


def _weights(spot_weight: int, on_demand_weight: int) -> str | None:
    if spot_weight + on_demand_weight > 0:
        return None
    return "at least 1 while pool.on_demand_weight = 0 (workers need some capacity)"


def _pool_timeout(pool_timeout: int, job_timeout: int) -> str | None:
    if pool_timeout <= job_timeout:
        return None
    return (
        f"at most processor.job_timeout_seconds = {job_timeout}"
        " (by which the reaper stops a task that takes too long)"
    )


def _upload(max_gb: int, disk_gib: int) -> str | None:
    most = int((disk_gib - DISK_FOR_THE_REST_GIB) * 1.073741824)
    if max_gb <= most:
        return None
    return (
        f"at most {most} with processor.ephemeral_storage_gib = {disk_gib}"
        f" ({DISK_FOR_THE_REST_GIB} GiB are for the image and for what is made of the video)"
    )


def _decoder(decoder_memory: int, memory: int) -> str | None:
    if decoder_memory <= memory:
        return None
    return f"at most processor.memory_mib = {memory} (else the task is killed, not the decoder)"


CHECKS = (
    Check(keys=("media.max_gb", "processor.ephemeral_storage_gib"), allowed=_upload),
    Check(keys=("media.decoder_memory_mib", "processor.memory_mib"), allowed=_decoder),
    Check(keys=("processor.memory_mib", "processor.cpu"), allowed=_memory),
    Check(
        keys=("queue.visibility_timeout_seconds", "dispatcher.timeout_seconds"),
        allowed=_visibility,
    ),
    Check(
        keys=(
            "dispatcher.claim_lease_seconds",
            "dispatcher.timeout_seconds",
            "queue.visibility_timeout_seconds",
        ),
        allowed=_lease,
    ),
    Check(keys=("reaper.timeout_seconds", "reaper.sweep_minutes"), allowed=_sweep),
    Check(keys=("reaper.silence_seconds", "processor.job_timeout_seconds"), allowed=_silence),
    Check(keys=("alarms.oldest_message_seconds", "queue.visibility_timeout_seconds"), allowed=_age),
    *NETWORK_CHECKS,
    Check(keys=("region", "account"), allowed=_region),
    Check(keys=("retain_data", "name"), allowed=_retain),
    Check(keys=("gpu.job_timeout_seconds", "processor.job_timeout_seconds"), allowed=_pool_timeout),
    Check(keys=("pool.min_tasks", "pool.max_tasks"), allowed=_fewest),
    Check(keys=("pool.on_demand_base", "pool.max_tasks", "pool.on_demand_weight"), allowed=_base),
    Check(keys=("pool.spot_weight", "pool.on_demand_weight"), allowed=_weights),
    Check(
        keys=("pool.job_timeout_seconds", "processor.job_timeout_seconds"), allowed=_pool_timeout
    ),
)
