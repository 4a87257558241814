"""How the PostgreSQL that is deployed is set, for benchmarks that say what an installation does."""

from pathlib import Path

FILE = Path(__file__).parents[2] / "deploy" / "postgres" / "postgresql.conf"
WANTED = (
    "checkpoint_timeout", "effective_cache_size", "maintenance_work_mem", "max_wal_size", "shared_buffers", "wal_level",
)  # fmt: skip
"""What speed depends on. Durability is an embedded server's own choice."""


def deployed_settings() -> dict[str, str]:
    """The settings of ``deploy/postgres/postgresql.conf`` that speed depends on."""
    lines = (line.partition("=") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    found = {name.strip(): value.strip().strip("'") for name, _, value in lines}
    return {name: found[name] for name in WANTED}
