"""The job that renews tokens before they expire."""

from thaman_kit.jobs import Job, RetryLater
from thaman_onboarding.adapters.store_rows import StoreRows
from thaman_onboarding.application.refresh import Tokens
from thaman_onboarding.errors import ClientMisconfigured, SallaBusy, SallaUnreachable

REFRESH_QUEUE = "refresh"
SWEEP_HOURS = 24
OUTAGE_SECONDS = 60.0
MISCONFIGURED_SECONDS = 900.0


class Renewal:
    """Renews what expires soon. Blocking."""

    def __init__(self, tokens: Tokens, rows: StoreRows) -> None:
        self._tokens = tokens
        self._rows = rows

    def run_job(self, job: Job) -> None:
        """Renew the store's tokens if they expire within the installation's limit; a later slot asks again.

        The sweep runs once a day, so it also renews what would pass the limit before the next sweep.
        """
        hours = self._rows.system().settings.token_refresh_before_hours
        if job.payload.get("reason") == "sweep":
            hours += SWEEP_HOURS
        try:
            self._tokens.renew_if_due(job.store_id, hours * 3_600.0)
        except SallaBusy as error:
            raise RetryLater(error.retry_after, str(error)) from error
        except SallaUnreachable as error:
            raise RetryLater(OUTAGE_SECONDS, str(error)) from error
        except ClientMisconfigured as error:
            raise RetryLater(MISCONFIGURED_SECONDS, str(error)) from error
