"""S3's events about uploads: those of some videos come from the run itself, or not at all."""

import json
from collections.abc import Iterator
from urllib.parse import quote_plus

from chaos.conditions import Conditions, EventFate
from chaos.system import System
from runtime.core.contract import UPLOADS_PREFIX
from runtime.core.jobs import Source

HEARD = f"{UPLOADS_PREFIX}chaos-"
UNHEARD = f"{UPLOADS_PREFIX}unheard-"
"""Of these uploads the bucket announces nothing, so that the run decides over their events."""


def upload_key(name: str, conditions: Conditions) -> str:
    """Return the key of a video."""
    prefix = HEARD if conditions.event is EventFate.ORDINARY else UNHEARD
    return f"{prefix}{name}{conditions.odd_name}.mp4"


def announce_only_heard(system: System) -> None:
    """Have the bucket announce the uploads below `HEARD` alone."""
    s3 = system.cloud.client("s3")
    known = s3.get_bucket_notification_configuration(Bucket=system.bucket)
    queues = known["QueueConfigurations"]
    for queue in queues:
        queue["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": HEARD}]}}
    s3.put_bucket_notification_configuration(
        Bucket=system.bucket, NotificationConfiguration={"QueueConfigurations": queues}
    )


def event_times(conditions: Conditions) -> Iterator[float]:
    """Yield how many seconds after an upload the run itself sends its event."""
    match conditions.event:
        case EventFate.DOUBLED:
            yield from (0.0, conditions.event_seconds)
        case EventFate.LATE:
            yield conditions.event_seconds
        case EventFate.ORDINARY | EventFate.LOST:
            return


def event(*sources: Source) -> str:
    """Return an S3 event about these objects, as S3 sends it for each of them."""
    return json.dumps(
        {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "eventName": "ObjectCreated:Put",
                    "s3": {
                        "bucket": {"name": source.bucket},
                        "object": {"key": quote_plus(source.key, safe="/"), "eTag": source.etag},
                    },
                }
                for source in sources
            ]
        }
    )
