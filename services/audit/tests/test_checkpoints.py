"""Sealing on a real PostgreSQL: what is sealed, when, by whom, and that it is published like any other event."""

import base64
import pickle
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest
from pydantic import SecretStr

from thaman_audit.adapters.signing import SigningKey, is_signed
from thaman_audit.bootstrap import Container, build
from thaman_audit.domain.checkpoints import FIRST, Checkpoint, head_leaf, key_id_of
from thaman_audit.domain.merkle import leaf_hash, node_hash
from thaman_audit.errors import BackwardChain
from thaman_audit.publication import PUBLICATION
from thaman_audit.settings import AuditSettings
from thaman_audit.testing import KEY, NOW, Streams, settings_for, signing_key
from thaman_audit.testing_events import authorized, observed
from thaman_contracts.events import audit
from thaman_kit.clock import ManualClock
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import SettingsError
from thaman_kit.testing import wait_until

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def workers(audit_url: str, clock: ManualClock) -> Iterator[Callable[..., Container]]:
    """Workers of one installation, with one key unless another one is given."""
    built: list[Container] = []

    def worker(key: SecretStr = KEY) -> Container:
        built.append(build(settings_for(audit_url, audit_keys=key), clock))
        return built[-1]

    yield worker
    for container in built:
        container.close()


@pytest.fixture
def worker(workers: Callable[..., Container]) -> Container:
    return workers()


def seal(container: Container) -> Checkpoint | None:
    assert container.sealer is not None
    return container.sealer.seal_if_due()


def test_a_checkpoint_holds_every_chains_end_and_is_signed(worker: Container) -> None:
    Streams(worker).deliver(authorized("77"), observed("77", ("1", 500)), authorized("8"), authorized("9"))
    sealed = seal(worker)
    assert sealed is not None
    said = sealed.statement
    assert (said.number, said.sealed_at, said.stores, said.entries, said.previous) == (1, NOW, 3, 4, FIRST)
    leaves = [head_leaf(head) for store in ("77", "8", "9") if (head := worker.tables.head(store))]
    assert said.root == node_hash(node_hash(leaves[0], leaves[1]), leaves[2])
    assert is_signed(signing_key(KEY).public_key, sealed.signature, said.to_bytes())
    assert said.key_id == key_id_of(sealed.public_key)
    assert worker.checkpoints.latest() == sealed


def test_nothing_is_sealed_before_it_is_due_and_each_names_the_one_before(
    worker: Container, clock: ManualClock
) -> None:
    first = seal(worker)
    clock.advance(HOUR - timedelta(microseconds=1))
    assert seal(worker) is None
    clock.advance(timedelta(microseconds=1))
    second = seal(worker)
    assert first is not None and second is not None
    assert (second.statement.number, second.statement.previous) == (2, first.statement.digest())
    clock.advance(-timedelta(days=400))
    assert seal(worker) is not None, "a clock that was far ahead keeps nobody from sealing"


def test_another_key_seals_at_once_and_the_old_one_stays_known(workers: Callable[..., Container]) -> None:
    new = SecretStr("k2:" + base64.b64encode(bytes(range(32))).decode())
    old = seal(workers())
    renewed = seal(workers(new))
    assert old is not None and renewed is not None
    assert renewed.statement.previous == old.statement.digest()
    keys = workers(new).checkpoints.signing_keys()
    assert [(row["key_id"], row["first_number"], row["last_number"]) for row in keys] == [
        (old.statement.key_id, 1, 1),
        (renewed.statement.key_id, 2, 2),
    ]


def test_of_many_workers_one_wins_each_time(workers: Callable[..., Container], clock: ManualClock) -> None:
    containers = [workers() for _ in range(4)]
    Streams(containers[0]).deliver(authorized("77"))
    wins: list[int] = []
    for _ in range(5):
        barrier = threading.Barrier(len(containers))

        def work(container: Container, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            sealed = seal(container)
            if sealed is not None:
                wins.append(sealed.statement.number)

        threads = [threading.Thread(target=work, args=(container,)) for container in containers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.advance(HOUR)
    assert wins == [1, 2, 3, 4, 5]


def test_a_head_is_kept_when_it_moved(worker: Container, clock: ManualClock) -> None:
    streams = Streams(worker)
    streams.deliver(authorized("77"), authorized("8"))
    seal(worker)
    clock.advance(HOUR)
    streams.deliver(observed("8", ("1", 500)))
    seal(worker)
    kept = worker.application.database.fetch_all("SELECT store_id, number, seq FROM checkpoint_heads ORDER BY 2, 1")
    assert [tuple(row.values()) for row in kept] == [("77", 1, 1), ("8", 1, 1), ("8", 2, 2)]


SPOILED = {
    "cut": "UPDATE audit.heads SET seq = 1 WHERE store_id = '77'",
    "made anew": "UPDATE audit.heads SET hash = sha256('x') WHERE store_id = '77'",
    "gone": "DELETE FROM audit.heads WHERE store_id = '77'",
}


@pytest.mark.parametrize("how", SPOILED)
def test_nothing_is_sealed_over_a_chain_that_lost_what_was_sealed(
    worker: Container, clock: ManualClock, admin_url: str, how: str
) -> None:
    Streams(worker).deliver(authorized("77"), observed("77", ("1", 500)))
    seal(worker)
    clock.advance(HOUR)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(SPOILED[how].encode())
    with pytest.raises(BackwardChain, match="store 77 no longer is what checkpoint 1 holds"):
        seal(worker)


def test_a_checkpoint_is_published_as_its_contract_without_the_private_key(worker: Container) -> None:
    sealed = seal(worker)
    assert sealed is not None
    (notification,) = worker.application.recorder.select_notifications(1, 10)
    event = worker.application.mapper.to_domain_event(notification)
    assert isinstance(event, DomainEvent)
    message = PUBLICATION.message_of(event, notification.id, 0)
    assert message is not None and message.subject == "evt.audit.store.system.CheckpointSealed"
    read = audit.CheckpointSealed.model_validate_json(message.body)
    assert (read.number, read.root, read.key_id) == (1, sealed.statement.root.hex(), sealed.statement.key_id)
    assert base64.b64decode(read.signature or "") == sealed.signature
    secret = KEY.get_secret_value().partition(":")[2]
    assert secret.encode() not in message.body + bytes(notification.state)
    assert base64.b64decode(secret).hex().encode() not in message.body + bytes(notification.state)


def test_what_was_sealed_cannot_be_changed_by_the_services_role(worker: Container) -> None:
    seal(worker)
    for statement in (
        "UPDATE checkpoint_heads SET seq = 9",
        "DELETE FROM checkpoint_heads",
        "DELETE FROM audit_events",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.application.database.execute(statement)


def test_without_a_key_nothing_is_sealed(container: Container) -> None:
    assert container.sealer is None


@pytest.mark.parametrize("text", ["", "nonsense", "k1:AAAA", "k1:!!"])
def test_a_key_that_is_none_is_said_at_start_without_its_text(
    text: str, audit_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAMAN_DATABASE_URL", audit_url)
    monkeypatch.setenv("THAMAN_API_KEY_PEPPER", "p" * 32)
    monkeypatch.setenv("THAMAN_AUDIT_KEYS", text)
    with pytest.raises(SettingsError, match="THAMAN_AUDIT_KEYS") as caught:
        AuditSettings.load()
    assert "AAAA" not in str(caught.value)


def test_a_signing_key_neither_prints_nor_pickles_itself() -> None:
    key = signing_key(KEY)
    assert repr(key) == "SigningKey(hidden)"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert not is_signed(key.public_key, b"short", b"message")
    assert not is_signed(b"short", key.sign(b"message"), b"message")
    assert is_signed(key.public_key, key.sign(b"message"), b"message")
    assert SigningKey.parse(SecretStr(f"{KEY.get_secret_value()},old:{'A' * 43}=")).public_key == key.public_key


async def test_the_worker_seals_by_itself(workers: Callable[..., Container], container: Container) -> None:
    import asyncio

    from thaman_audit.worker import sealing

    stop = asyncio.Event()
    running = asyncio.create_task(sealing(workers().sealer, 1)(stop))
    await asyncio.to_thread(wait_until, lambda: container.checkpoints.latest() is not None, 30)
    stop.set()
    await running


def test_the_trees_hashes_are_those_of_rfc_6962() -> None:
    # Known answers of Certificate Transparency's own tests.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
