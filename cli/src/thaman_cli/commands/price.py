"""``thaman price``: the pricing engine as a black box, without any server.

Products in, one a line; answers out, one for each line and in the same order. A line that cannot be priced gets an
error line with its number, and the rest goes on.
"""

import gc
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from thaman_cli.errors import BadUsage
from thaman_cli.pricing.lines import Line, lines_of, paired
from thaman_cli.pricing.memory import Memory, MemoryUnreadable
from thaman_cli.pricing.store import write_whole

BAD_LINES = 3
"""Exit code when some lines were bad and the rest was priced."""

_PIPE = "-"


def price(
    policy: Annotated[Path, typer.Option("--policy", help="The merchant's policy, a JSON object with 'now'.")],
    source: Annotated[str, typer.Option("--input", help="Products, one JSON object a line; - is stdin.")],
    target: Annotated[str, typer.Option("--output", help="Answers, one JSON object a line; - is stdout.")],
    state: Annotated[
        Path | None, typer.Option("--state", help="A folder that keeps what was learned between calls.")
    ] = None,
) -> None:
    """Price products from a file, with no server running. Exit code 3: some lines were bad, the rest was priced."""
    rules, now = _policy(policy)
    with _no_collections():
        lines = lines_of(_read(source))
        answers = _answers(lines, rules, now, state)
    text = "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    _write(target, text)
    bad = sum(line.error is not None for line in lines)
    if bad:
        sys.stderr.write(f"{bad} of {len(lines)} lines could not be priced; their answers say why\n")
        raise typer.Exit(BAD_LINES)


@contextmanager
def _no_collections() -> Iterator[None]:
    """A million small records form no cycles, and looking for some takes as long as pricing them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _answers(lines: Sequence[Line], rules: Any, now: datetime, folder: Path | None) -> list[dict[str, Any]]:
    from thaman_optimizer.domain.pricing import Batch
    from thaman_optimizer.domain.pricing import price as price_batch

    products = [line.product for line in lines if line.product is not None]
    if folder is not None:
        try:
            memory = Memory.read(folder)
        except MemoryUnreadable as error:
            raise BadUsage(
                f"{folder} holds nothing that can be gone on from", str(error), "Name an empty folder, or remove it."
            ) from error
        products = memory.remember(products)
        memory.write(folder)
    return paired(lines, price_batch(Batch.of(products), rules, now))


def _policy(path: Path) -> tuple[Any, datetime]:
    from thaman_optimizer.domain.pricing import PolicyInvalid, policy_from
    from thaman_optimizer.domain.pricing.policy import KNOWN
    from thaman_optimizer.domain.pricing.values import BadValue, moment

    try:
        data = json.loads(_read(str(path)))
        rules = policy_from(data)
        now = moment(data.get("now"), "now")
    except (PolicyInvalid, BadValue, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadUsage(f"{path} is not a policy", str(error), "Correct the policy and run it again.") from error
    strangers = sorted(set(data) - KNOWN)
    if strangers:
        sys.stderr.write(f"not used, because the policy does not know it: {', '.join(strangers)}\n")
    return rules, now


def _read(source: str) -> bytes:
    if source == _PIPE:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise BadUsage(f"{source} cannot be read", str(error), "Name a file that exists, or - for stdin.") from error


def _write(target: str, text: str) -> None:
    if target == _PIPE:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        write_whole(Path(target), text.encode())
    except OSError as error:
        raise BadUsage(f"{target} cannot be written", str(error), "Name a place that can be written to.") from error
