"""Listings of jobs on DynamoDB, by the indexes of the jobs table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from runtime.aws.job_items import UnreadableRecordError, readable
from runtime.aws.sdk_errors import typed_faults
from runtime.aws.tables import query_pages
from runtime.core.contract import JobsTable
from runtime.core.jobs import Job, State
from runtime.core.log import Log
from runtime.core.service_ports import NO_FILTER, JobFilter, JobPage, ListPosition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXAMINED = 2000
"""The most index entries that are read for one page."""

BATCH = 100
"""The most items of a BatchGetItem."""

LATEST = 1e11
"""A time, in seconds since the epoch, that no record exceeds."""

TRIES = 3
"""How often keys that a throttled table leaves out are asked for."""


class DynamoJobListing:
    """Lists the jobs of one table; a record that cannot be read is logged and left out."""

    def __init__(self, client: "DynamoDBClient", *, jobs_table: str, log: Log) -> None:
        self._client = client
        self._table = jobs_table
        self._log = log

    def of_owner(
        self,
        owner: str,
        *,
        limit: int,
        matching: JobFilter = NO_FILTER,
        after: ListPosition | None = None,
    ) -> JobPage:
        """Return an owner's jobs as recorded, in the order of the index."""
        if (matching.since or 0.0) > _until(matching):
            return JobPage()  # DynamoDB refuses a range whose end precedes its beginning.
        found: list[ListPosition] = []
        examined = 0
        for page in self._index_pages(owner, matching, after, limit):
            for entry in page["Items"]:
                examined += 1
                if _matches(entry, matching):
                    found.append(_position(entry))
                if len(found) > limit:
                    return self._page(found[:limit], found[limit - 1])
            if examined >= EXAMINED and "LastEvaluatedKey" in page:
                return self._page(found, _position(page["LastEvaluatedKey"]))
        return self._page(found, None)

    def changed_since(self, when: float) -> Iterator[Job]:
        """Yield what the index of states has of each state since then."""
        for state in set(State) - {State.ERASING}:
            pages = query_pages(
                self._client,
                self._table,
                Key(JobsTable.STATE_INDEX_PARTITION_KEY).eq({"S": state})
                & Key(JobsTable.STATE_INDEX_SORT_KEY).gte({"N": repr(float(when))}),
                doing=f"reading the changes of jobs in state {state}",
                IndexName=JobsTable.STATE_INDEX,
            )
            for page in pages:
                yield from readable(page["Items"], self._log_unreadable)

    def _index_pages(
        self, owner: str, matching: JobFilter, after: ListPosition | None, limit: int
    ) -> Iterator[Any]:
        unfiltered = not (matching.text or matching.states)
        since, until = f"{matching.since or 0.0:.6f}", f"{_until(matching):.6f}"
        return query_pages(
            self._client,
            self._table,
            Key(JobsTable.OWNER_INDEX_PARTITION_KEY).eq({"S": owner})
            & Key(JobsTable.OWNER_INDEX_SORT_KEY).between({"N": since}, {"N": until}),
            doing="listing the jobs of an owner",
            IndexName=JobsTable.OWNER_INDEX,
            ScanIndexForward=matching.oldest_first,
            # One more than the page shows whether another follows.
            Limit=limit + 1 if unfiltered else EXAMINED,
            **({} if after is None else {"ExclusiveStartKey": _start_key(owner, after)}),
        )

    def _page(self, found: Sequence[ListPosition], position: ListPosition | None) -> JobPage:
        jobs = self._read([each.job_id for each in found])
        return JobPage(
            jobs=[
                jobs[each.job_id]
                for each in found
                if each.job_id in jobs and not jobs[each.job_id].erasing
            ],
            next_position=position,
        )

    def _read(self, job_ids: Sequence[str]) -> dict[str, Job]:
        jobs: dict[str, Job] = {}
        for first in range(0, len(job_ids), BATCH):
            keys: Any = [
                {JobsTable.PARTITION_KEY: {"S": job_id}}
                for job_id in job_ids[first : first + BATCH]
            ]
            for _ in range(TRIES):
                with typed_faults("reading the jobs of an owner"):
                    answer: Any = self._client.batch_get_item(
                        RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                    )
                jobs |= {
                    job.job_id: job
                    for job in readable(
                        answer["Responses"].get(self._table, []), self._log_unreadable
                    )
                }
                keys = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
                if not keys:
                    break
        return jobs

    def _log_unreadable(self, error: UnreadableRecordError) -> None:
        self._log.warning("jobs.unreadable", job_id=error.job_id, error=error.summary)


def _matches(entry: Mapping[str, Any], matching: JobFilter) -> bool:
    state = entry.get(JobsTable.STATE_INDEX_PARTITION_KEY, {}).get("S", "")
    if state == State.ERASING or (matching.states and state not in matching.states):
        return False
    title = entry.get("title", {}).get("S", "")
    name = PurePosixPath(entry.get("key", {}).get("S", "")).name
    return matching.text.casefold() in f"{title}\n{name}".casefold()


def _until(matching: JobFilter) -> float:
    return LATEST if matching.until is None else matching.until


def _position(entry: Mapping[str, Any]) -> ListPosition:
    return ListPosition(
        created_at=float(entry[JobsTable.OWNER_INDEX_SORT_KEY]["N"]),
        job_id=entry[JobsTable.PARTITION_KEY]["S"],
    )


def _start_key(owner: str, after: ListPosition) -> dict[str, Any]:
    return {
        JobsTable.PARTITION_KEY: {"S": after.job_id},
        JobsTable.OWNER_INDEX_PARTITION_KEY: {"S": owner},
        JobsTable.OWNER_INDEX_SORT_KEY: {"N": repr(after.created_at)},
    }
