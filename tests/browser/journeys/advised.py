"""Part 5: a run on which agents advise, looked at while it goes on and when it is through."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.browser.installation import Installation
from tests.browser.journeys.runs import LIVE_MS, NEVER_LOADED_ANEW
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person, plain
from thaman_kit.testing import wait_until

LANGUAGES = ("ar", "en")
WITHIN = 60.0


def test_a_run_is_looked_at_half_way_and_agents_advise_on_it(world: Installation, come: Come) -> None:
    """Advice is switched on in English at a desk; the run's page is open in Arabic on a phone until it is through."""
    owner = come("en", DESK).enter(world.writing)
    watching = come("ar", PHONE).enter(world.writing)
    _advice(owner, "crew")
    try:
        with _model(world, mode="slow", slow_seconds=8):
            run_id = _begun(owner)
            watching.comes_to_see(lambda: _goes_on(watching), f"/runs/{run_id}", "the run half-way")
            assert watching.page.locator("#numbers").count() == 0, "what came of it is not known yet"
            assert watching.page.locator("#hand-over").count() == 0
            watching.page.evaluate("window.stillThisPage = true")
        watching.page.locator(".run-completed").wait_for(timeout=LIVE_MS)
        assert watching.page.evaluate(NEVER_LOADED_ANEW)
        _advice_is_told(watching, run_id)
        owner.open(f"/runs/{run_id}")
        _advice_is_told(owner, run_id)
    finally:
        _advice(owner, "off")


@contextmanager
def _model(world: Installation, **behaviour: Any) -> Iterator[None]:
    """The local model behaves otherwise meanwhile."""
    url = f"{world.urls['sandbox']}/_sandbox/llm"
    world.http.put(url, json=behaviour).raise_for_status()
    try:
        yield
    finally:
        world.http.put(url, json={}).raise_for_status()


def _advice(owner: Person, wanted: str) -> None:
    """Choose it in the settings."""
    owner.open("/settings")
    owner.page.locator(f'main form[action="/settings"] input[name="advice"][value="{wanted}"]').check()
    owner.press("settings.save")
    settings = owner.world.get("onboarding", f"/stores/{owner.world.writing}/settings")["settings"]
    assert settings["advice"] == wanted


def _begun(owner: Person) -> str:
    """Ask for a run by its button; the run that came of it, when the model was asked."""
    world, path = owner.world, f"/stores/{owner.world.writing}/runs"
    before = {one["run_id"] for one in world.items("optimizer", path)}
    world.http.delete(f"{world.urls['sandbox']}/_sandbox/llm/requests").raise_for_status()
    owner.open("/runs")
    owner.press("run.now")

    def new() -> list[str]:
        return [one["run_id"] for one in world.items("optimizer", path) if one["run_id"] not in before]

    wait_until(lambda: bool(new()), WITHIN, "the run")
    wait_until(lambda: bool(world.get("sandbox", "/_sandbox/llm/requests")), WITHIN, "the model is asked")
    return new()[0]


def _goes_on(person: Person) -> bool:
    run = person.page.locator("#live-run")
    return run.locator(".run-running").count() == run.locator("progress").count() == 1


def _advice_is_told(person: Person, run_id: str) -> None:
    """In both languages, the reader's own first, as the optimizer has it on record."""
    world = person.world
    advice = world.get("optimizer", f"/stores/{world.writing}/runs/{run_id}")["advice"]
    told = person.page.locator("#advice ~ p[lang]")
    order = [person.language, *(code for code in LANGUAGES if code != person.language)]
    assert [one.get_attribute("lang") for one in told.all()] == order
    for code, text in zip(order, told.all_inner_texts(), strict=True):
        assert plain(text) == plain(advice[f"summary_{code}"]) != ""
