"""Records a release's golden histories from a demo that has ended. Run once for a release, never again for the same.

    make demo ARGS="--once --json --fresh --home HOME"
    python -m tests.golden.record HOME tests/golden/release_0_1

One more checkpoint is sealed first, so that all of the record is sealed. What is written:

- ``about.json``: the release, the stores by mode, the audit's public key, the version of the engine;
- ``ledger/<store>.jsonl.xz``: ``thaman audit export`` of each chain, that of the installation as ``system``;
- ``stored/<service>.jsonl.xz``: each service's log, byte for byte;
- ``checkpoints.json.xz``: the audit's heads and what each checkpoint sealed;
- ``aggregates.json.xz``: the state that each aggregate's history folded into;
- ``read_models.json.xz``: the read models that ``thaman replay`` made of each store's ledger;
- ``schemas.json.xz``: the JSON Schemas of all stored and published events;
- ``SHA256SUMS``: of all of these.

Refuses to write what holds a secret of the installation, and to write over a release.
"""

import hashlib
import json
import lzma
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from tests.golden.folding import folded
from tests.golden.history import CHECKPOINT_TABLES, Golden
from tests.golden.stored import schemas
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import SigningKey
from thaman_audit.bootstrap import build
from thaman_audit.ledger_export import export_lines
from thaman_audit.testing import settings_for
from thaman_cli.replaying.chain import Chain
from thaman_cli.replaying.rebuilding import rebuilt
from thaman_cli.replaying.state import read_models
from thaman_cli.state import Home
from thaman_cli.world.checks.tokens import CLEAR_TEXT
from thaman_cli.world.reading import connect, select
from thaman_contracts.generate import schemas as published_schemas
from thaman_contracts.ids import SYSTEM
from thaman_contracts.subjects import SERVICES
from thaman_kit.embedded import EmbeddedPostgres
from thaman_optimizer.domain.advice import ENGINE_VERSION

Write = Callable[[str, bytes], None]


def record(home: Home, folder: Path) -> None:
    """Write the golden files of the installation that lies in ``home``."""
    if folder.exists():
        sys.exit(f"{folder} exists: a release's golden histories are never recorded again.")
    secrets = home.load_secrets()
    words = [*re.findall(r"[A-Za-z0-9+/=_-]{24,}", (home.folder / "state.json").read_text()), "thk_live_"]
    sums: dict[str, str] = {}

    def write(name: str, content: bytes) -> None:
        text = content.decode()
        leaked = [word for word in words if word in text]
        assert not leaked and not re.search(CLEAR_TEXT, text), f"{name} holds a secret"
        packed = lzma.compress(content, preset=9) if name.endswith(".xz") else content
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
        sums[name] = hashlib.sha256(packed).hexdigest()

    with EmbeddedPostgres(home.data / "postgres") as server:
        settings = settings_for(server.url, audit_keys=secrets.audit_keys)
        with closing(build(settings)) as audit:
            assert audit.sealer is not None
            assert audit.sealer.seal(audit.checkpoints.latest()) is not None
        stores = _write_ledger(server.url, write)
        _write_logs(server.url, write)
        _write_read_models(server.url, stores, write)
        public_key = SigningKey.parse(secrets.audit_keys).public_key.hex()
        about = {"release": version("thaman-cli"), "stores": _by_mode(server.url), "public_key": public_key}
    write("about.json", _json(about | {"engine": ENGINE_VERSION, "recorded_at": datetime.now(UTC).isoformat()}))
    write("schemas.json.xz", _json({"stored": schemas(), "published": published_schemas()}))
    aggregates = [
        {"service": service, "originator_id": str(history[0].originator_id)} | found
        for service, history in Golden(folder).histories()
        if (found := folded(history)) is not None
    ]
    write("aggregates.json.xz", _json(aggregates))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    (folder / "SHA256SUMS").write_text(lines, encoding="utf-8")


def _write_ledger(url: str, write: Write) -> list[str]:
    with Moment.of(url) as ledger:
        stores = ledger.store_ids()
        for store in stores:
            write(f"ledger/{store}.jsonl.xz", b"".join(export_lines(ledger, store)))
        tables = {name: _rows(ledger.fetch_all(f"SELECT * FROM {name} ORDER BY 1, 2")) for name in CHECKPOINT_TABLES}
    write("checkpoints.json.xz", _json(tables))
    return [store for store in stores if store != SYSTEM]


def _write_logs(url: str, write: Write) -> None:
    with connect(url) as connection:
        for service in SERVICES:
            rows = [row | {"state": bytes(row["state"]).decode()} for row in select(connection, "log", service)]
            lines = [json.dumps(row, ensure_ascii=False, default=str) for row in rows]
            write(f"stored/{service}.jsonl.xz", "".join(f"{line}\n" for line in lines).encode())


def _write_read_models(url: str, stores: Iterable[str], write: Write) -> None:
    found = {}
    for store in stores:
        with Moment.of(url) as ledger, rebuilt(url, Chain(ledger, store, datetime.now(UTC)).messages()) as connection:
            found[store] = read_models(connection, store)
    write("read_models.json.xz", _json(found))


def _by_mode(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT settings ->> 'mode', store_id FROM onboarding.stores").fetchall()
    return dict(rows)


def _rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    def value(one: Any) -> Any:
        return {"hex": bytes(one).hex()} if isinstance(one, bytes | memoryview) else one

    return [{name: value(one) for name, one in row.items()} for row in rows]


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=str) + "\n").encode()


if __name__ == "__main__":
    record(Home(Path(sys.argv[1])), Path(sys.argv[2]))
