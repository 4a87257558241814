"""Where a log is published to: the service's own stream, or one beside it for a single new reader.

A stream beside has subjects of its own, so nothing that reads the service's stream sees it; its messages have the same
headers, ids and bodies. What it holds is written down in its metadata, so that a later run goes on with the same.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thaman_contracts.envelope import Envelope
from thaman_contracts.subjects import PARTITIONS, partition_filter, published_pattern, stored_pattern, stream_of
from thaman_kit.provisioning import event_stream
from thaman_kit.publication import Message

AGAIN = "again"
"""First part of the subjects of streams beside."""

is_name = re.compile(r"[a-z0-9][a-z0-9-]{0,31}").fullmatch
"""What a stream beside may be called: it becomes part of the stream's name and of its subjects."""

_OWN_ROOT = "evt"


@dataclass(frozen=True, slots=True)
class Outlet:
    """A stream of ``service``; named, it is one beside, of one store or of a time where that is asked for.

    ``since`` is the first instant at which events in it may have occurred, ``until`` the first at which none may.
    """

    service: str
    name: str | None = None
    store_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def stream(self) -> str:
        """The stream's name."""
        own = stream_of(self.service)
        return own if self.name is None else f"{own}_AGAIN_{self.name.upper()}"

    @property
    def filter_subject(self) -> str:
        """What a reader of the whole stream subscribes to."""
        return self._moved(f"{_OWN_ROOT}.{self.service}.*.store.{self.store_id or '*'}.*")

    def wants(self, envelope: Envelope) -> bool:
        """Whether an event belongs into it."""
        return (
            self.store_id in (None, envelope.store_id)
            and (self.since is None or envelope.time >= self.since)
            and (self.until is None or envelope.time < self.until)
        )

    def subject_of(self, message: Message) -> str:
        """The subject to which a message is published."""
        return self._moved(message.subject)

    def filter_of(self, partition: int) -> str:
        """The stored subjects of one partition."""
        return self._moved(partition_filter(self.service, partition))

    def config(self, replicas: int = 1) -> dict[str, Any]:
        """The stream as it has to be: like the service's own, under other subjects."""
        config = event_stream(self.service, replicas)
        if self.name is None:
            return config
        listened = self._moved(published_pattern(self.service))
        # The partition is of the store, which is one of the same wildcards wherever the subject begins.
        stored = self._moved(stored_pattern(self.service, PARTITIONS))
        return config | {
            "name": self.stream,
            "subjects": [listened],
            "subject_transform": {"src": listened, "dest": stored},
            "metadata": self.holds,
        }

    @property
    def holds(self) -> dict[str, str]:
        """What is in a stream beside, for its metadata."""
        asked = {
            "service": self.service,
            "store": self.store_id,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
        }
        return {f"thaman-{name}": value or "" for name, value in asked.items()}

    def reader_subjects(self) -> list[str]:
        """What a NATS user needs to publish to, to read the stream and nothing else."""
        calls = ("CONSUMER.CREATE", "CONSUMER.INFO", "CONSUMER.MSG.NEXT")
        subjects = ["$JS.API.INFO", f"$JS.API.STREAM.INFO.{self.stream}", f"$JS.ACK.{self.stream}.>"]
        subjects += [f"$JS.API.{call}.{self.stream}.>" for call in calls]
        return [*subjects, f"$JS.API.CONSUMER.CREATE.{self.stream}"]

    def _moved(self, subject: str) -> str:
        if self.name is None:
            return subject
        return f"{AGAIN}.{self.name}.{subject.removeprefix(f'{_OWN_ROOT}.')}"
