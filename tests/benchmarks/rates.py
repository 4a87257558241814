"""Events per second of relays and consumers, from the metrics that the processes show."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import httpx

from thaman_cli.child import Child

EVERY_SECONDS = 5.0
_COUNTERS = {
    "thaman_relay_published_events_total": "relay events/s",
    "thaman_consumer_messages_total": "consumer events/s",
}


@dataclass
class Rates:
    """Reads the counters now and then, as Prometheus would: averages over the sweep, and the best stretch seen.

    A worker needs tens of milliseconds to show its metrics, so a look each second would slow down what it looks at.
    """

    children: Mapping[str, Child]
    _first: Counter[str] = field(default_factory=Counter)
    _last: Counter[str] = field(default_factory=Counter)
    _best: dict[str, float] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=5.0, trust_env=False))

    def __enter__(self) -> Self:
        """Begin."""
        self._first = self._last = self._read()
        self._thread = threading.Thread(target=self._run, name="rates", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look once more and end."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self._last = self._read()
        self._client.close()

    def per_second(self, seconds: float) -> dict[str, float]:
        """Average rates over ``seconds``, and peaks."""
        mean = {label: (self._last[label] - self._first[label]) / seconds for label in _COUNTERS.values()}
        return mean | {f"{label}, best {EVERY_SECONDS:.0f} s": rate for label, rate in sorted(self._best.items())}

    def _run(self) -> None:
        before, at = self._first, time.monotonic()
        while not self._done.wait(EVERY_SECONDS):
            now, then = self._read(), time.monotonic()
            for label in _COUNTERS.values():
                rate = (now[label] - before[label]) / (then - at)
                self._best[label] = max(rate, self._best.get(label, 0.0))
            before, at = now, then

    def _read(self) -> Counter[str]:
        totals: Counter[str] = Counter()
        for name, child in self.children.items():
            url = child.spec.ready_url
            if url is None or name.endswith("-api"):
                continue
            try:
                text = self._client.get(url.replace("/readyz", "/metrics")).text
            except httpx.TransportError:
                continue  # busy; the next look sees what this one missed
            for line in text.splitlines():
                metric = line.partition("{")[0]
                if metric in _COUNTERS and ('outcome="handled"' in line or "relay" in metric):
                    totals[_COUNTERS[metric]] += int(float(line.rpartition(" ")[2]))
        return totals
