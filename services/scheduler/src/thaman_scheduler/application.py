"""What the scheduler does when something happens elsewhere. Every method may be repeated without effect."""

from collections.abc import Callable
from datetime import datetime

from thaman_contracts.events.settings import SystemSettings
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import Conflict
from thaman_scheduler.domain.events import Block
from thaman_scheduler.domain.installation import INSTALLATION_ID, Installation
from thaman_scheduler.domain.jobs import Rules
from thaman_scheduler.domain.replay import Replay
from thaman_scheduler.domain.requests import run_now
from thaman_scheduler.domain.schedule import Schedule, schedule_id
from thaman_scheduler.errors import UnknownStore
from thaman_scheduler.ports import Tables

PAGE = 1_000


class Scheduler:
    """The commands of the scheduler, each inside the unit of work of the message that asks for it."""

    def __init__(self, application: EventSourcedApplication, tables: Tables, clock: Clock, rules: Rules) -> None:
        self._application = application
        self._tables = tables
        self._clock = clock
        self._rules = rules

    def ensure_started(self) -> None:
        """Put the installation itself under the clock, once for ever."""

        def start(unit: UnitOfWork) -> None:
            if unit.find(Installation, INSTALLATION_ID) is None:
                self._put(unit, self._new_installation(unit, self._clock.now()))

        try:
            self._application.execute(start, attempts=1)
        except Conflict:
            # Another replica was faster, which is as good.
            self._application.get(Installation, INSTALLATION_ID)

    def store_authorized(self, unit: UnitOfWork, store_id: str, frequency_hours: int, at: datetime) -> None:
        """A store was connected, for the first time or again."""
        schedule = unit.find(Schedule, schedule_id(store_id))
        if schedule is None:
            schedule = Schedule.start(store_id, frequency_hours, at)
            unit.add(schedule)
        else:
            schedule.connect(at)
            schedule.change_frequency(frequency_hours, at)
        self._tables.put_schedule(unit, schedule, self._rules)

    def tokens_arrived(self, unit: UnitOfWork, store_id: str, at: datetime) -> None:
        """A store has new tokens."""
        self._change(unit, store_id, lambda schedule: schedule.connect(at))

    def change_frequency(self, unit: UnitOfWork, store_id: str, hours: int, at: datetime) -> None:
        """The merchant chose a frequency."""
        self._change(unit, store_id, lambda schedule: schedule.change_frequency(hours, at))

    def block(self, unit: UnitOfWork, store_id: str, block: Block, at: datetime) -> None:
        """The store is not to be asked for any more."""
        self._change(unit, store_id, lambda schedule: schedule.block(block, at))

    def unblock(self, unit: UnitOfWork, store_id: str, block: Block, at: datetime) -> None:
        """One reason not to ask for the store is gone."""
        self._change(unit, store_id, lambda schedule: schedule.unblock(block, at))

    def change_rules(self, unit: UnitOfWork, settings: SystemSettings, version: int, at: datetime) -> None:
        """An operator changed the installation's settings."""
        installation = unit.find(Installation, INSTALLATION_ID) or self._new_installation(unit, at)
        since = installation.pricing_since
        installation.change_rules(settings, version, at)
        if installation.pricing_since is not None and installation.pricing_since != since:
            self._tables.resume_all(unit, installation.pricing_since)
        self._put(unit, installation)

    def request_run(self, unit: UnitOfWork, store_id: str, request_id: str, requested_by: str, at: datetime) -> None:
        """Somebody wants a run now, and gets it, once.

        Whether the store may be priced is for the optimizer to say, at its door and again when the run decides: it
        has read onboarding's stream at another moment than we have, and a request that we dropped because our
        knowledge of a pause is older would be a run that its caller waits for in vain.
        """
        event = run_now(store_id, request_id, requested_by, at)
        if not self._tables.taken([event.originator_id]):
            unit.record(event)

    def rebuild(self) -> None:
        """Make the read models again from the events; the next tick finds every job's next slot."""
        self._tables.replace(self._read_log, self._rules)

    def _read_log(self) -> Replay:
        replay = Replay()
        position = 0
        while True:
            page = self._application.recorder.select_notifications(position, PAGE, inclusive_of_start=False)
            for notification in page:
                event = self._application.mapper.to_domain_event(notification)
                assert isinstance(event, DomainEvent)
                replay.apply(event)
                position = notification.id
            if len(page) < PAGE:
                return replay

    def _change(self, unit: UnitOfWork, store_id: str, change: Callable[[Schedule], None]) -> None:
        schedule = self._schedule(unit, store_id)
        change(schedule)
        self._tables.put_schedule(unit, schedule, self._rules)

    def _schedule(self, unit: UnitOfWork, store_id: str) -> Schedule:
        schedule = unit.find(Schedule, schedule_id(store_id))
        if schedule is None:
            raise UnknownStore(store_id)
        return schedule

    def _new_installation(self, unit: UnitOfWork, at: datetime) -> Installation:
        installation = Installation.start(at)
        unit.add(installation)
        return installation

    def _put(self, unit: UnitOfWork, installation: Installation) -> None:
        self._tables.put_installation(unit, installation, self._rules.under(installation.settings))
