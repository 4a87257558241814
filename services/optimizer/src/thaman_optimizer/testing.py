"""For tests: the read models emptied and made again in their place, while no worker runs."""

from collections.abc import Iterable

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import model_of
from thaman_kit.application import EventSourcedApplication
from thaman_kit.recorded import OwnLog
from thaman_optimizer.adapters.published import PublishedFold
from thaman_optimizer.adapters.rebuild import TABLES
from thaman_optimizer.consumers import router


def made_again(application: EventSourcedApplication, upstream: Iterable[tuple[Envelope, bytes]]) -> None:
    """By what `thaman rebuild` fills its scratch database with; of ``upstream`` onboarding's messages count."""
    with application.database.transaction() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - a constant
    fold = PublishedFold(application, router)
    end = application.recorder.max_notification_id() or 0
    for page in OwnLog(application).pages(end):
        fold.own(page.items)
    heard = [one for one in upstream if one[0].service == "onboarding"]
    fold.told([(envelope, model_of(envelope.type).model_validate_json(body)) for envelope, body in heard])
    fold.finish()
