"""Sessions in a table that all instances of the server share."""

from contextlib import suppress
from dataclasses import asdict

from runtime.core.service_ports import Record, RecordConflictError, Records
from runtime.web.sessions import Session

SESSION = "session"
PAGE = 100


class TableSessions:
    """Sessions as records: one by the cookie's digest, and one below each person to find them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def get(self, key: str, now: float) -> Session | None:
        """Return the session unless it is missing or expired."""
        record = self._records.get(_session(key), SESSION)
        if record is None or (record.expires_at is not None and record.expires_at <= now):
            return None
        return Session(**record.data)

    def put(self, session: Session) -> None:
        """Add or replace a session; of two renewals at once, either may stay."""
        self._write(_session(session.key), SESSION, session)
        self._write(_person(session.subject), session.key, session)

    def delete(self, key: str) -> None:
        """End a session, if it exists."""
        record = self._records.get(_session(key), SESSION)
        self._records.delete(_session(key), SESSION)
        if record is not None:
            self._records.delete(_person(str(record.data["subject"])), key)

    def delete_all(self, subject: str) -> None:
        """End all sessions of a person."""
        while found := self._records.below(_person(subject), "", limit=PAGE):
            for record in found:
                self._records.delete(_session(record.sk), SESSION)
                self._records.delete(record.pk, record.sk)

    def _write(self, pk: str, sk: str, session: Session) -> None:
        existing = self._records.get(pk, sk)
        data = asdict(session) if sk == SESSION else {}
        version = existing.version if existing else 0
        record = Record(pk=pk, sk=sk, data=data, expires_at=session.expires_at, version=version)
        with suppress(RecordConflictError):
            if existing is None:
                self._records.create(record)
            else:
                self._records.replace(record)


def _session(key: str) -> str:
    return f"session#{key}"


def _person(subject: str) -> str:
    return f"person#{subject}"
