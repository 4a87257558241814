"""``thaman republish``: a new reader gets the whole history in order, and nobody else notices."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import nats
import pytest
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from tests.support.installation import OTHER, STORE, Installation, own_installation, sale

from thaman_cli import republishing
from thaman_cli.main import main
from thaman_cli.rebuilding.feeding import LOGS
from thaman_contracts.envelope import from_headers
from thaman_contracts.subjects import PARTITIONS
from thaman_kit.embedded import EmbeddedNats
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port, listening
from thaman_kit.nats import BusSettings, api, connect, disconnect
from thaman_kit.outlets import Outlet
from thaman_kit.provisioning import READERS, provision
from thaman_kit.stream_writer import StreamWriter
from thaman_kit.testing import wait_until
from thaman_kit.testing_bus import until

T = TypeVar("T")
Captured = pytest.CaptureFixture[str]
Said = tuple[dict[str, str], bytes]


@pytest.fixture
def there(
    postgres_server: Databases, own_nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    monkeypatch.setenv("THAMAN_NATS_URL", own_nats.url)
    with own_installation(postgres_server) as installation:
        monkeypatch.setenv("THAMAN_DATABASE_URL", installation.url)
        yield installation


def ask(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as caught:
        main(["republish", "onboarding", *arguments, "--json"])
    assert isinstance(caught.value.code, int)
    return caught.value.code, json.loads(capsys.readouterr().out)


def at_nats(url: str, work: Callable[[Any], Awaitable[T]]) -> T:
    async def run() -> T:
        bus = await connect(BusSettings(servers=(url,)), "test")
        try:
            return await work(bus)
        finally:
            await disconnect(bus)

    return asyncio.run(run())


async def read(stream: str, bus: Any) -> list[Said]:
    """Everything in a stream, as an ordered consumer gets it."""
    total = (await api(bus, f"STREAM.INFO.{stream}"))["state"]["messages"]
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
    reading = await bus.jetstream().subscribe("", stream=stream, ordered_consumer=True, config=config)
    found = [await reading.next_msg(timeout=10) for _ in range(total)]
    return [(_headers(one), one.data) for one in found]


def _headers(message: Msg) -> dict[str, str]:
    """The headers that were published; those of the fence and the batch speak of the publishing."""
    ours = ("ce-", "thaman-", "content-type", "nats-msg-id", "trace")
    return {name: value for name, value in (message.headers or {}).items() if name.lower().startswith(ours)}


async def live(there: Installation, bus: Any) -> None:
    """Publish what is new to onboarding's own stream, as its relay does."""
    writer = StreamWriter(there.applications["onboarding"], LOGS["onboarding"], bus)
    place, _ = await writer.locate()
    await writer.publish(place, await asyncio.to_thread(writer.read, place))


async def standing(bus: Any) -> dict[str, Any]:
    """What others would notice: the own stream's state, its configuration and its consumers."""
    info = await api(bus, "STREAM.INFO.ONBOARDING")
    listed = await api(bus, "CONSUMER.LIST.ONBOARDING", {"offset": 0})
    durables = [one for one in listed["consumers"] if one["config"].get("durable_name")]
    assert len(durables) == sum("onboarding" in read for read in READERS.values()) * PARTITIONS
    consumers = {one["name"]: (one["delivered"], one["ack_floor"], one["num_pending"]) for one in durables}
    # This test's own looks are consumers for a moment, too.
    state = {name: value for name, value in info["state"].items() if name != "consumer_count"}
    return {"state": state, "config": info["config"], "consumers": consumers}


def test_a_new_reader_gets_the_same_history_and_goes_on_in_the_live_stream(
    there: Installation, own_nats: EmbeddedNats, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(provision(BusSettings(servers=(own_nats.url,))))
    at_nats(own_nats.url, partial(live, there))
    before = at_nats(own_nats.url, standing)
    published = at_nats(own_nats.url, partial(read, "ONBOARDING"))
    assert len(published) > 20

    pages = iter((None, OSError("the line is cut")))

    def cut(name: str) -> None:
        if name == "republish.page" and (error := next(pages, None)):
            raise error

    monkeypatch.setattr(republishing, "StreamWriter", partial(StreamWriter, page_size=5))
    monkeypatch.setattr(republishing, "faultpoint", cut)
    code, told = ask(capsys, "--as", "bi")
    assert (code, "broke off" in told["error"]) == (1, True)
    begun = at_nats(own_nats.url, partial(read, "ONBOARDING_AGAIN_BI"))
    assert begun == published[: len(begun)]
    assert 0 < len(begun) < len(published)

    there.record(sale(STORE, "meanwhile", 2))
    code, told = ask(capsys, "--as", "bi")
    again = at_nats(own_nats.url, partial(read, "ONBOARDING_AGAIN_BI"))
    assert (code, told["new"], told["messages"]) == (0, len(published) + 1 - len(begun), len(again))
    assert again[:-1] == published, "same events, same order, same headers, same ids"
    assert ask(capsys, "--as", "bi")[1]["new"] == 0
    assert at_nats(own_nats.url, standing) == before, "no other stream or reader noticed"

    at_nats(own_nats.url, partial(live, there))
    last = from_headers(again[-1][0]).position
    assert told["position"] == last
    after = at_nats(own_nats.url, partial(read, "ONBOARDING"))[told["live_sequence"] - 1 :]
    assert after == again[-1:], "what came meanwhile is in both, and told apart by its position"


def test_one_store_has_a_chain_of_its_own_and_a_name_means_one_thing(
    there: Installation, own_nats: EmbeddedNats, capsys: Captured
) -> None:
    code, told = ask(capsys, "--as", "shop", "--store", STORE)
    assert (code, told["live_sequence"]) == (0, None)
    assert told["filter_subject"] == f"again.shop.onboarding.*.store.{STORE}.*"
    envelopes = [from_headers(one) for one, _ in at_nats(own_nats.url, partial(read, told["stream"]))]
    assert {one.store_id for one in envelopes} == {STORE}
    assert [one.previous for one in envelopes] == [0, *(one.position for one in envelopes[:-1])]
    code, refused = ask(capsys, "--as", "shop", "--store", OTHER)
    assert (code, "holds something else" in refused["error"]) == (2, True)
    instant = envelopes[-1].time.isoformat()
    code, later = ask(capsys, "--as", "late", "--store", STORE, "--from", instant)
    assert (code, later["messages"]) == (0, sum(one.time >= envelopes[-1].time for one in envelopes))
    code, gone = ask(capsys, "--as", "shop", "--remove")
    assert (code, gone["removed"]) == (0, len(envelopes))
    assert ask(capsys, "--as", "shop", "--remove")[0] == 2
    assert ask(capsys, "--as", "Not A Name")[0] == 2


USERS = """
host: 127.0.0.1
port: {port}
jetstream {{ store_dir: "{folder}" }}
authorization {{ users: [
  {{ user: provision, password: p }}
  {{ user: reader, password: p, permissions: {{ publish: {{ allow: {allow} }}, subscribe: ["_INBOX.>"] }} }}
] }}
"""


@contextmanager
def server_with_a_reader(folder: Path, allow: Sequence[str]) -> Iterator[str]:
    """A nats-server with a user for who provisions, and one that may publish to ``allow`` only."""
    port = free_port()
    file = folder / "nats.conf"
    file.write_text(USERS.format(port=port, folder=folder / "data", allow=json.dumps(list(allow))))
    program = Path(sys.executable).with_name("nats-server")
    process = subprocess.Popen([program, "-c", file], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listening(port), within=15, what="nats-server")
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_a_reader_with_these_rights_reads_its_stream_and_does_nothing_else(
    postgres_server: Databases, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow = Outlet("onboarding", "bi").reader_subjects()
    with server_with_a_reader(tmp_path, allow) as url, own_installation(postgres_server) as there:
        for name, value in (("DATABASE_URL", there.url), ("NATS_URL", url), ("NATS_USER", "provision")):
            monkeypatch.setenv(f"THAMAN_{name}", value)
        monkeypatch.setenv("THAMAN_NATS_PASSWORD", "p")
        code, told = ask(capsys, "--as", "bi")
        assert (code, told["reader_may_publish"]) == (0, allow)
        refused: list[str] = []

        def was_refused(subject: str) -> bool:
            return any(subject.lower() in one for one in refused)

        async def as_reader() -> int:
            async def note(error: Exception) -> None:
                refused.append(str(error).lower())

            bus = await nats.connect(url, user="reader", password="p", error_cb=note)
            try:
                for forbidden in ("again.bi.onboarding.store.77.Made", "$JS.API.STREAM.DELETE.ONBOARDING_AGAIN_BI"):
                    await bus.publish(forbidden, b"")
                    await until(partial(was_refused, forbidden), what=f"{forbidden} refused")
                return len(await read("ONBOARDING_AGAIN_BI", bus))
            finally:
                await bus.close()

        assert asyncio.run(as_reader()) == told["messages"] > 0
        # Whoever may only read is told so, whatever is asked first.
        monkeypatch.setenv("THAMAN_NATS_USER", "reader")
        monkeypatch.setattr("thaman_kit.nats.API_TIMEOUT_S", 0.5)
        for options in ((), ("--remove",)):
            code, told = ask(capsys, "--as", "bi", *options)
            assert (code, "lacks the right" in told["why"]) == (1, True)
