"""Invariant 6: a refresh token is sent once at most, and no token or key lies about in the database."""

from collections import Counter
from collections.abc import Iterator

from thaman_cli.world.facts import Facts
from thaman_cli.world.reading import matches
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView
from thaman_contracts.subjects import ROOMS

CLEAR_TEXT = "(ory_[ar]t_[A-Za-z0-9_-]{8,}|thk_live_[A-Za-z0-9]{43})"
"""Salla's access and refresh tokens, and our API keys."""


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """Salla's token ledger, then every text and every byte string we keep."""
    refreshes = salla.refreshes() if salla is not None else None
    for (store, fingerprint), times in Counter((r.store_id, r.fingerprint) for r in refreshes or ()).items():
        if times > 1:
            yield Violation(6, "refresh_token_sent_twice", f"store {store}, token {fingerprint}: {times} times")
    for column in facts.rows("columns", schemas=list(ROOMS)):
        found = matches(facts.connection, column, CLEAR_TEXT)
        if found["rows"]:
            place = f"{column['schema']}.{column['table']}.{column['column']}"
            what = f"{place} holds a token or key in {found['rows']} rows, first at {found['first']}"
            yield Violation(6, "secret_in_clear", what)
