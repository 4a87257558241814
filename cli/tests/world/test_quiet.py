"""Waiting until the installation has come to rest."""

import threading
from typing import Any

import pytest

from thaman_cli.world import NotQuiet, wait_until_quiet


def test_a_quiet_installation_is_quiet_at_once(installation: Any) -> None:
    wait_until_quiet(installation.admin_url, within=10, poll=0.01)


def test_what_does_not_come_to_rest_is_named(installation: Any) -> None:
    installation.spoil(
        "INSERT INTO optimizer.jobs (queue, key, store_id, payload, run_at) VALUES ('optimize', 'k', '77', '{}', now())"
    )
    with pytest.raises(NotQuiet) as error:
        wait_until_quiet(installation.admin_url, within=0.05, poll=0.01)
    assert "optimizer job 1 (optimize k)" in error.value.why


def test_it_waits_until_the_last_job_is_done(installation: Any) -> None:
    installation.spoil(
        "INSERT INTO optimizer.jobs (queue, key, store_id, payload, run_at) VALUES ('optimize', 'k', '77', '{}', now())"
    )
    worker = threading.Timer(0.3, lambda: installation.spoil("UPDATE optimizer.jobs SET state = 'done'"))
    worker.start()
    wait_until_quiet(installation.admin_url, within=20, poll=0.02)
    assert not worker.is_alive() or worker.finished.is_set()
    worker.join()
