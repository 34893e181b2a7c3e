"""An object store in memory, with the same promises as the S3 adapter."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from runtime.core.clock import WallClock
from runtime.core.jobs import Source
from runtime.core.ports import (
    ByteCount,
    ListedObject,
    ObjectChangedError,
    ObjectFacts,
    ObjectNotFoundError,
)

CHUNKS = 8
"""In how many steps a download counts its bytes, at most."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    data: bytes
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    modified_at: float = 0.0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()


class InMemoryObjectStore:
    """`objects` is open to tests: (bucket, key) -> what is stored. `clock` dates uploads."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self.clock: WallClock | None = None
        # S3 compares and writes in one step.
        self.writing = threading.Lock()

    def put(self, bucket: str, key: str, data: bytes, **metadata: str) -> Source:
        """Upload as a user would, with `lifestream_language="en"`; returns the new identity."""
        named = {name.replace("_", "-"): value for name, value in metadata.items()}
        at = 0.0 if self.clock is None else self.clock.now()
        self._write(bucket, key, StoredObject(data, "video/mp4", named, at))
        return self.head(bucket, key)

    def set_tag(self, source: Source, name: str, value: str) -> None:
        """Tag the current version, as another service does; uploading again removes the tag."""
        stored = self._get(source.bucket, source.key)
        tags = {**stored.tags, name: value}
        self.objects[source.bucket, source.key] = replace(stored, tags=tags)

    def tag(self, source: Source, name: str) -> str | None:
        found = self._get(source.bucket, source.key)
        if found.etag != source.etag:
            raise ObjectNotFoundError(f"{source.bucket}/{source.key} is no longer {source.etag}")
        return found.tags.get(name)

    def delete(self, bucket: str, key: str) -> None:
        del self.objects[bucket, key]

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return sorted(k for b, k in self.objects if b == bucket and k.startswith(prefix))

    def list_objects(self, bucket: str, prefix: str) -> Iterator[ListedObject]:
        for key in self.keys(bucket, prefix):
            yield ListedObject(
                source=self.head(bucket, key), modified_at=self.objects[bucket, key].modified_at
            )

    def look(self, bucket: str, key: str) -> ObjectFacts:
        found = self._get(bucket, key)
        source = Source(bucket=bucket, key=key, etag=found.etag, size_bytes=len(found.data))
        return ObjectFacts(source=source, metadata=found.metadata)

    def head(self, bucket: str, key: str) -> Source:
        return self.look(bucket, key).source

    def download(self, source: Source, path: Path, on_bytes: ByteCount) -> None:
        found = self._get(source.bucket, source.key)
        if found.etag != source.etag:
            raise ObjectNotFoundError(f"{source.bucket}/{source.key} is no longer {source.etag}")
        with path.open("wb") as out:
            step = len(found.data) // CHUNKS + 1
            for at in range(0, len(found.data), step):
                on_bytes(out.write(found.data[at : at + step]))

    def upload(self, path: Path, bucket: str, key: str, content_type: str) -> None:
        self._write(bucket, key, StoredObject(path.read_bytes(), content_type))

    def read_bytes(self, bucket: str, key: str) -> bytes:
        return self._get(bucket, key).data

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        self._write(bucket, key, StoredObject(data, content_type))

    def delete_below(self, bucket: str, prefix: str) -> int:
        keys = self.keys(bucket, prefix)
        for key in keys:
            self.delete(bucket, key)
        return len(keys)

    def replace(
        self, path: Path, bucket: str, key: str, content_type: str, *, expected: str | None
    ) -> None:
        with self.writing:
            found = self.objects.get((bucket, key))
            if (None if found is None else found.etag) != expected:
                raise ObjectChangedError(f"{bucket}/{key} is no longer {expected}")
            self.objects[bucket, key] = StoredObject(path.read_bytes(), content_type)

    def remove(self, bucket: str, expected: Mapping[str, str]) -> None:
        for key, etag in expected.items():
            found = self.objects.get((bucket, key))
            if found is not None and found.etag == etag:
                del self.objects[bucket, key]

    def _write(self, bucket: str, key: str, content: StoredObject) -> None:
        with self.writing:
            self.objects[bucket, key] = content

    def _get(self, bucket: str, key: str) -> StoredObject:
        try:
            return self.objects[bucket, key]
        except KeyError:
            raise ObjectNotFoundError(f"there is no object {bucket}/{key}") from None
