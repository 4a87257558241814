"""All chains of an installation and its checkpoints, as files with a manifest: what another one needs to go on from it.

A single export cannot bring checkpoints along: a checkpoint is over the ends of all chains. A set has them all, so its
importer makes the same heads, histories and receipts, and proves the whole before anything stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.domain.histories import History, Reader
from thaman_audit.errors import BrokenExport, IncompleteSet, UnreadableExport, UntrustedExport
from thaman_audit.ledger_export import checkpoint_fields
from thaman_audit.ledger_import import Imported, ImportTarget, Lines, import_store, require_sealed
from thaman_audit.ledger_read import Header, checkpoint_of, head_of, read_object, text_of
from thaman_audit.ports import Provable
from thaman_audit.proving import IsSigned, Prover
from thaman_audit.sealed import checkpoint_with_histories
from thaman_audit.verify import Head
from thaman_contracts.envelope import encode

FORMAT = "thaman-ledger-set-1"
MANIFEST = "manifest.json"

Node = tuple[str, int, bytes]


class SetTarget(ImportTarget, Protocol):
    """Where a set goes, in one transaction."""

    def store_ids(self) -> list[str]:
        """Every store that has entries, a head or a sealed head."""

    def sealed_here(self) -> list[Checkpoint]:
        """The checkpoints that are here, oldest first."""

    def grown(self, store_id: str, size: int) -> tuple[Reader, list[Node]]:
        """The history of a chain of so many entries, and its nodes."""

    def seal(self, checkpoint: Checkpoint, heads: Sequence[Head], histories: Sequence[History]) -> None:
        """Store a checkpoint with the heads and histories that it noted."""

    def keep(self, nodes: Sequence[Node]) -> None:
        """Keep nodes of histories."""

    def provable(self) -> Provable:
        """All of it, as a proof reads it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What belongs to a set: files with the ends of their chains by file name, and the checkpoints."""

    files: Mapping[str, Head]
    checkpoints: tuple[Checkpoint, ...]


def write_manifest(files: Mapping[str, Head], checkpoints: Sequence[Checkpoint]) -> bytes:
    """A manifest in canonical JSON with a line's end."""
    said: dict[str, Any] = {
        "format": FORMAT,
        "files": [
            {"file": name, "store_id": head.store_id, "length": head.seq, "head": head.hash.hex()}
            for name, head in files.items()
        ],
        "checkpoints": [_fields(checkpoint) for checkpoint in checkpoints],
    }
    return encode(said) + b"\n"


def read_manifest(line: bytes) -> Manifest:
    """A manifest of its file's bytes.

    Raises:
        UnreadableExport: it is none.
    """
    try:
        said = read_object(line)
        if said.keys() != {"format", "files", "checkpoints"} or said["format"] != FORMAT:
            raise ValueError(f"it is no {FORMAT}")
        files = {text_of(one["file"]): head_of(one) for one in said["files"]}
        checkpoints = tuple(checkpoint_of(one, bytes.fromhex(one["public_key"])) for one in said["checkpoints"])
    except (ValueError, OverflowError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableExport(f"the manifest cannot be read: {error}") from error
    return Manifest(files, checkpoints)


def import_set(
    target: SetTarget,
    manifest: Manifest,
    files: Mapping[str, Lines],
    is_signed: IsSigned,
    trusted: Collection[bytes],
    *,
    takes_unsealed: bool = False,
) -> list[Imported]:
    """Add all chains, checkpoints and pages of an installation to an empty one, and prove it. ``takes_unsealed`` as for
    a single store.

    Raises:
        IncompleteSet: there is something here already that is not this set, or a file is not what the manifest says.
        ImportRefused: as for a single store.
    """
    fresh = _is_fresh(target, manifest)
    if trusted and (not manifest.checkpoints or manifest.checkpoints[-1].public_key not in trusted):
        raise UntrustedExport("the latest checkpoint of the set is signed with none of the keys given")
    done = []
    for name, head in sorted(manifest.files.items(), key=lambda one: one[1].store_id):
        imported = import_store(target, files[name], is_signed, (), announced=manifest.checkpoints)
        done.append(imported)
        _require_fit(name, head, imported.header, manifest)
        if trusted and not takes_unsealed:
            require_sealed(imported)
        if imported.is_new is not fresh:
            raise IncompleteSet(
                f"store {head.store_id} is here in part: import the set into an installation without entries"
            )
    if fresh:
        _seal(target, manifest, [imported.header for imported in done])
    proof = Prover(target.provable(), is_signed, trusted).prove(target.store_ids(), lambda _store, _count: None)
    if proof.broken is not None:
        raise BrokenExport(str(proof.broken))
    return done


def _is_fresh(target: SetTarget, manifest: Manifest) -> bool:
    """Whether nothing is here; ``False`` where the set's checkpoints are here, ``IncompleteSet`` where others are."""
    here = target.sealed_here()
    if not here and not target.store_ids():
        return True
    given = [checkpoint.statement.digest() for checkpoint in manifest.checkpoints]
    if [checkpoint.statement.digest() for checkpoint in here[: len(given)]] != given:
        raise IncompleteSet("there are entries here already: a set goes into an installation without any")
    return False


def _require_fit(name: str, head: Head, header: Header, manifest: Manifest) -> None:
    if header.head != head:
        raise IncompleteSet(f"{name} is not the file that the manifest names")
    if [one.statement.digest() for one, _ in header.checkpoints] != [
        one.statement.digest() for one in manifest.checkpoints
    ]:
        raise IncompleteSet(f"{name} has other checkpoints than the manifest: it was not exported with the others")


def _seal(target: SetTarget, manifest: Manifest, headers: Sequence[Header]) -> None:
    """Note what each checkpoint noted, which follows from where each store was in it."""
    readers: dict[str, Reader] = {}
    for header in headers:
        longest = max((proven.head.seq for _, proven in header.checkpoints if proven is not None), default=0)
        readers[header.head.store_id], nodes = target.grown(header.head.store_id, longest)
        target.keep(nodes)
    heads, lengths = dict[str, Head](), dict[str, int]()
    for place, checkpoint in enumerate(manifest.checkpoints):
        moved, histories = [], []
        for header in headers:
            proven = header.checkpoints[place][1]
            if proven is None:
                continue
            head = proven.head
            if heads.get(head.store_id) != head:
                moved.append(head)
                heads[head.store_id] = head
            if checkpoint.histories is not None and lengths.get(head.store_id) != head.seq:
                root = readers[head.store_id].cut(head.seq).root()
                histories.append(History(head.store_id, head.seq, head.hash, root))
                lengths[head.store_id] = head.seq
        target.seal(checkpoint, moved, histories)


def _fields(checkpoint: Checkpoint) -> dict[str, Any]:
    if checkpoint.histories is not None:
        return checkpoint_with_histories(checkpoint)
    return checkpoint_fields(checkpoint) | {"public_key": checkpoint.public_key.hex()}
