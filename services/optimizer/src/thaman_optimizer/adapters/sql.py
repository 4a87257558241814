"""The optimizer's queries by name."""

from functools import partial

from thaman_kit.database import load_queries

queries = partial(load_queries, "thaman_optimizer", "adapters/queries.sql")
