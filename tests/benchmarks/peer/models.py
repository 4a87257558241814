"""The peer's tables. Amounts are halalas; ids are derived as ours are, so a task done twice names the same rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, Insert, LargeBinary, Table, func, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy
        int: BigInteger,
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        Json: JSONB,
    }


class Store(Base):
    """A connected store."""

    __tablename__ = "stores"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    prices_include_vat: Mapped[bool]
    vat_bp: Mapped[int]
    active: Mapped[bool]
    fence: Mapped[int]
    settings: Mapped[Json]
    settings_version: Mapped[int]
    catalogue_at: Mapped[datetime]
    access_token: Mapped[str]


class Item(Base):
    """One priced thing."""

    __tablename__ = "items"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    item_key: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str]
    variant_id: Mapped[str | None]
    name: Mapped[str]
    currency: Mapped[str]
    status: Mapped[str]
    base_price: Mapped[int]
    shelf_price: Mapped[int]
    sale_price: Mapped[int | None]
    sale_ends_on: Mapped[str | None]
    sale_running: Mapped[bool]
    cost: Mapped[int | None]
    baseline: Mapped[int | None]
    has_variants: Mapped[bool]


class Offer(Base):
    """A rival's offer as last read."""

    __tablename__ = "offers"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    item_key: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    competitor: Mapped[str]
    price: Mapped[int]
    observed_at: Mapped[datetime]


class Run(Base):
    """One store's run in a sweep."""

    __tablename__ = "runs"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    store_id: Mapped[str]
    sweep: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    statistics: Mapped[Json]


class Proposal(Base):
    """What a run said about an item: a new price, or why the old one stays."""

    __tablename__ = "proposals"

    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(index=True)
    store_id: Mapped[str]
    item_key: Mapped[str]
    state: Mapped[str]
    risk: Mapped[str | None]
    disposition: Mapped[str]
    proposed_at: Mapped[datetime]
    document: Mapped[Json]
    __table_args__ = (Index("proposals_of_store", "store_id", "proposed_at"),)


class Decision(Base):
    """A price that is to be written."""

    __tablename__ = "decisions"

    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID]
    run_id: Mapped[UUID]
    store_id: Mapped[str]
    item_key: Mapped[str]
    product_id: Mapped[str]
    variant_id: Mapped[str | None]
    expected_base_price: Mapped[int]
    base_price: Mapped[int]
    shelf_price: Mapped[int]
    floor: Mapped[int]
    ceiling: Mapped[int]
    fence: Mapped[int]
    state: Mapped[str]
    decided_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    found_base_price: Mapped[int | None]
    __table_args__ = (
        Index("decisions_of_store", "store_id", "decided_at"),
        Index("decisions_open", "store_id", postgresql_where="state = 'decided'"),
    )


class Intent(Base):
    """A write that is about to be made; committed before Salla is called."""

    __tablename__ = "intents"

    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    target_base_price: Mapped[int]
    started_at: Mapped[datetime]


class PriceChange(Base):
    """The price history."""

    __tablename__ = "price_history"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    store_id: Mapped[str]
    item_key: Mapped[str]
    at: Mapped[datetime]
    base_price: Mapped[int]
    old_base_price: Mapped[int]
    decision_id: Mapped[UUID]
    __table_args__ = (
        Index("price_history_of_item", "store_id", "item_key", "id"),
        ForeignKeyConstraint(["store_id", "item_key"], ["items.store_id", "items.item_key"]),
    )


class AuditEntry(Base):
    """The audit log, chained by hash per store."""

    __tablename__ = "audit_log"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    service: Mapped[str]
    type: Mapped[str]
    position: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    written_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    data: Mapped[bytes]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class OutboxEvent(Base):
    """What happened, and the task that must follow from it: stored with the change itself, sent by the dispatcher."""

    __tablename__ = "outbox"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[str]
    type: Mapped[str]
    occurred_at: Mapped[datetime]
    data: Mapped[bytes]
    task: Mapped[str | None]
    arguments: Mapped[list[Any] | None] = mapped_column(JSONB)
    due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    __table_args__ = (Index("outbox_unsent", "due_at", postgresql_where="task IS NOT NULL AND sent_at IS NULL"),)


class ItemEvent(Base):
    """Where the audit entries about an item are."""

    __tablename__ = "item_events"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[str]
    item_key: Mapped[str]
    type: Mapped[str]
    at: Mapped[datetime]
    run_id: Mapped[UUID]
    __table_args__ = (Index("item_events_item", "store_id", "item_key"),)


class ChainHead(Base):
    """The end of a store's chain; its row lock puts the chain's entries in a line."""

    __tablename__ = "chain_heads"

    store_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]


def rows_into(model: type[Base]) -> Insert:
    """A bulk insert of plain rows, past the ORM's bookkeeping."""
    table = model.__table__
    assert isinstance(table, Table)
    return insert(table)
