"""Sealing: from time to time the heads of all chains are put under one signed root."""

from datetime import timedelta

from thaman_audit.domain.checkpoints import FIRST, Checkpoint, Statement, head_leaf, key_id_of
from thaman_audit.domain.histories import History, SealedHistories, statement_of, tree_of
from thaman_audit.domain.merkle import Tree
from thaman_audit.errors import BackwardChain
from thaman_audit.ports import Checkpoints, Histories, Signer
from thaman_audit.verify import Head
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict, EffectRefused

Node = tuple[str, int, bytes]


class Sealer:
    """Seals checkpoints. Any number may run: a checkpoint's number is its event's version, so one of them wins."""

    def __init__(
        self,
        application: EventSourcedApplication,
        checkpoints: Checkpoints,
        histories: Histories,
        clock: Clock,
        signer: Signer,
        every: timedelta,
    ) -> None:
        self._application = application
        self._checkpoints = checkpoints
        self._histories = histories
        self._clock = clock
        self._signer = signer
        self._every = every
        self._key_id = key_id_of(signer.public_key)

    def seal_if_due(self) -> Checkpoint | None:
        """Seal where the last checkpoint is old enough or has another key; ``None`` where nothing was sealed.

        Raises:
            BackwardChain: a chain lost or changed what the last checkpoint holds of it.
        """
        latest = self._checkpoints.latest()
        return self.seal(latest) if self._is_due(latest) else None

    def seal(self, latest: Checkpoint | None) -> Checkpoint | None:
        """Seal the checkpoint after ``latest``; ``None`` where another worker was faster. Raises as above."""
        number = latest.statement.number + 1 if latest else 1
        tree, entries, heads, moved = Tree(), 0, [], []
        for head in sorted(self._checkpoints.heads(), key=lambda head: head.store_id.encode()):
            if head.is_backward:
                raise BackwardChain(head.store_id, number - 1)
            assert head.now is not None, "a chain that is neither now nor held has no row"
            tree.put(head.store_id, head_leaf(head.now))
            entries += head.now.seq
            heads.append(head.now)
            if head.moved:
                moved.append(head.now)
        statement = Statement(
            number=number,
            sealed_at=self._clock.now(),
            stores=len(tree),
            entries=entries,
            root=tree.root(),
            previous=latest.statement.digest() if latest else FIRST,
            key_id=self._key_id,
        )
        histories, grown, nodes = self._grow(heads, number - 1)
        root = tree_of(histories).root()
        sealed = Checkpoint(
            statement,
            self._signer.public_key,
            self._signer.sign(statement.to_bytes()),
            SealedHistories(root, self._signer.sign(statement_of(statement.digest(), root))),
        )
        unit = self._application.unit_of_work()
        self._checkpoints.seal(unit, sealed, moved)
        self._histories.note(unit, number, grown, nodes)
        try:
            unit.commit()
        except (Conflict, EffectRefused):
            return None
        return sealed

    def _grow(self, heads: list[Head], latest: int) -> tuple[list[History], list[History], list[Node]]:
        """The histories up to ``heads``, those of them that are new, and their new nodes.

        What is held must come out again, so that a node which somebody changed is never sealed over.
        """
        held, histories, grown, nodes = self._histories.held(), [], [], []
        for head in heads:
            history = held.get(head.store_id)
            if history is None or history.seq != head.seq:
                reader, fresh = self._histories.grown(head.store_id, head.seq)
                if history is not None and reader.cut(history.seq).root() != history.root:
                    raise BackwardChain(head.store_id, latest)
                history = History(head.store_id, head.seq, head.hash, reader.root())
                grown.append(history)
                nodes += fresh
            histories.append(history)
        return histories, grown, nodes

    def _is_due(self, latest: Checkpoint | None) -> bool:
        if latest is None or latest.statement.key_id != self._key_id:
            return True
        # A clock that was wrong and far ahead must not keep us from sealing until it is right.
        return not timedelta() <= self._clock.now() - latest.statement.sealed_at < self._every
