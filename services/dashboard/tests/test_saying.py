"""Every event has its sentence in both languages, or is no news on purpose."""

import re

import pytest

from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.examples import example_of
from thaman_dashboard.domain.saying import said_of

NO_NEWS = {
    "ApiKeyIssued", "ApiKeyRevoked", "CatalogObserved", "CheckpointSealed", "LookRequested", "MarketScouted",
    "ObservationDue", "OffersObserved", "PriceHeld", "PriceWriteStarted", "PricesShadowed", "RetentionDue",
    "RunRequested", "SalesObserved", "SourceLooked", "SystemSettingsChanged", "TokenRefreshDue",
}  # fmt: skip
"""For machines, of the whole installation, or told of every item in every run."""


@pytest.mark.parametrize("model", REGISTRY.values(), ids=lambda model: model.event_name())
def test_each_event_is_news_or_is_not(model: type[EventData]) -> None:
    line = said_of(example_of(model))
    assert (line is None) == (model.event_name() in NO_NEWS)
    if line is not None:
        assert re.search("[\u0600-\u06ff]", line.ar) and re.search("[A-Za-z]{3}", line.en)
        assert "{" not in line.ar + line.en
        assert "None" not in line.ar + line.en
