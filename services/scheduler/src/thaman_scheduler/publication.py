"""Which stored events the world sees. Those that carry a contract's fields are published as that contract."""

from thaman_kit.publication import Publication
from thaman_scheduler.domain import events

PUBLICATION = Publication(
    "scheduler",
    {
        events.ScheduleStarted: None,
        events.FrequencyChanged: None,
        events.ScheduleBlocked: None,
        events.ScheduleUnblocked: None,
        events.TokensArrived: None,
        events.ScheduleReanchored: None,
        events.RulesChanged: None,
        events.InstallationStarted: None,
    },
)
