"""Making and dropping the databases of a server."""

from abc import ABC, abstractmethod

import psycopg
from psycopg import sql


class Databases(ABC):
    """A PostgreSQL server as the superuser sees it, wherever it runs."""

    @abstractmethod
    def url_for(self, database: str, *, user: str = ..., password: str | None = None) -> str:
        """The address of ``database`` for ``user``; the superuser's password is known, others are given."""

    @property
    def admin_url(self) -> str:
        """The superuser's address of the maintenance database, from where databases are made and dropped."""
        return self.url_for("postgres")

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database (as a copy of ``template``, which nobody may be connected to) and return its address."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            source = (
                sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template)) if template else sql.SQL("")
            )
            connection.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), source))
        return self.url_for(name)

    def databases(self) -> set[str]:
        """The names of all databases."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            return {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}

    def drop_database(self, name: str) -> None:
        """Drop a database, cutting its connections; a missing one is no error."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
