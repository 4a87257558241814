"""The demo's result, for machines and for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thaman_cli.demo.reading import StoreStory
from thaman_cli.links import Link
from thaman_cli.output import Output, table

_COLUMNS = ("store", "mode", "products", "proposed", "asked", "decided", "applied", "held", "failed", "uncertain")


@dataclass(frozen=True)
class Result:
    """What the demo did, and whether the world is in order after it."""

    stories: Sequence[StoreStory]
    events: int
    salla_calls: int
    salla_calls_minimum: int
    violations: Sequence[str]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints; its shape is stable."""
        return {
            "stores": [story.as_row() for story in self.stories],
            "events": self.events,
            "salla_calls": self.salla_calls,
            "salla_calls_minimum": self.salla_calls_minimum,
            "world": {"ok": not self.violations, "violations": list(self.violations)},
            "seconds": round(self.seconds, 1),
        }


def show(out: Output, result: Result, urls: dict[str, str]) -> None:
    """Tables for people: the stores, why prices were held, the world, where to look."""
    rows = []
    for story in result.stories:
        numbers = story.as_row()
        rows.append([numbers["name"], *(numbers[column] for column in _COLUMNS[1:])])
    out.line("")
    out.console.print(table("What happened", _COLUMNS, rows))
    why = [
        (story.store.name, outcome, reason, count)
        for story in result.stories
        for outcome, reasons in (("held", story.holds), ("not written", story.stale))
        for reason, count in reasons.most_common()
    ]
    out.console.print(table("Why prices stayed", ("store", "outcome", "reason", "items"), why))
    _show_matches(out, result.stories)
    _show_advice(out, result.stories)
    out.line(
        f"{result.events} events in the ledger; {result.salla_calls} calls to Salla"
        f" (the same outcome needs {result.salla_calls_minimum} at least); {result.seconds:.1f} s."
    )
    if result.violations:
        out.line("[bold red]The world is not in order:[/]")
        for violation in result.violations:
            out.console.print(f"  {violation}", markup=False)
    else:
        out.line("[green]The world is in order[/]: decisions, Salla, price history and ledger agree.")
    out.console.print(table("Where to look", ("what", "URL"), list(urls.items())))


def show_links(out: Output, links: Mapping[str, Link]) -> None:
    """The way into each store's dashboard, on lines of their own, so that no terminal's width cuts a link."""
    last = min(one.expires_at for one in links.values())
    out.line(f"Sign in to a dashboard; each link works once, until {last:%H:%M} UTC (later: thaman sign-in STORE):")
    for name, link in links.items():
        out.console.print(f"  {link.url}  {name}", markup=False)


def _show_matches(out: Output, stories: Sequence[StoreStory]) -> None:
    for story in stories:
        counts = Counter((match["competitor"], match["kind"], match["automatic"]) for match in story.matches)
        if not counts:
            continue
        rows = [
            (competitor, kind, "priced by" if automatic else "asked", count)
            for (competitor, kind, automatic), count in sorted(counts.items())
        ]
        columns = ("competitor", "match", "what becomes of it", "listings")
        out.console.print(table(f"{story.store.name}: its products in a rival's feed", columns, rows))


def _show_advice(out: Output, stories: Sequence[StoreStory]) -> None:
    for story in stories:
        advice = story.advice
        if advice is None:
            continue
        rows = [
            ("outcome", f"{advice['outcome']}{'' if advice['reason'] is None else ': ' + advice['reason']}"),
            ("items shown, advised on", f"{advice['items_shown']}, {len(advice['advice'])}"),
            (
                "model, tokens, ms",
                f"{advice['model']}, {advice['input_tokens'] + advice['output_tokens']}, {advice['latency_ms']}",
            ),
            ("summary", advice["summary_en"]),
            ("ملخص", advice["summary_ar"]),
        ]
        out.console.print(table(f"What the agents advised on {story.store.name}", ("", ""), rows))
