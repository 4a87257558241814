"""What a licence's document states, as options that the commands which say a licence whole share."""

import inspect
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Annotated, Any

import typer

from thaman_cli.errors import BadUsage


def stated(
    number: Annotated[str, typer.Option(help="The licence's number.")],
    authority: Annotated[str, typer.Option(help="Who gave it.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="Its first day, in Riyadh.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Its last day.")],
    kind: Annotated[str | None, typer.Option(help="As the authority calls it.")] = None,
    product: Annotated[list[str] | None, typer.Option("--product", help="A product it is for; repeatable.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="A category it is for; repeatable.")] = None,
    min_percent: Annotated[str | None, typer.Option(help="The least discount it states, in per cent.")] = None,
    max_percent: Annotated[str | None, typer.Option(help="The largest discount it states, in per cent.")] = None,
    document: Annotated[str | None, typer.Option(help="Where the document is.")] = None,
) -> dict[str, Any]:
    """The licence as the API takes it.

    Raises:
        BadUsage: a share is none.
    """
    return {
        "number": number,
        "authority": authority,
        "kind": kind,
        "starts_on": first,
        "ends_on": last,
        "product_ids": product or [],
        "categories": category or [],
        "min_discount_bp": basis_points(min_percent),
        "max_discount_bp": basis_points(max_percent),
        "document": document,
    }


def takes_a_licence(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` the options of :func:`stated` in the place of its parameter ``licence``."""
    shared = inspect.signature(stated).parameters

    @wraps(command)
    def with_options(**given: Any) -> None:
        command(licence=stated(**{name: given.pop(name) for name in shared}), **given)

    own = [one for one in inspect.signature(command).parameters.values() if one.name != "licence"]
    # Typer goes by names, so the order only has to be one that Python allows: those without a default first.
    every = sorted([*own, *shared.values()], key=lambda one: one.default is not inspect.Parameter.empty)
    # `wraps` leaves the way to the command, whose own parameters Typer would read there.
    del with_options.__wrapped__
    with_options.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    return with_options


def basis_points(percent: str | None) -> int | None:
    """Per cent, with two digits at most, as basis points.

    Raises:
        BadUsage: it is none.
    """
    if percent is None:
        return None
    try:
        points = Decimal(percent) * 100
        if points == int(points):
            return int(points)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise BadUsage(f"{percent[:80]!r} is no percentage", "it has to be a number like 25 or 12.5", "Write it like 25.")
