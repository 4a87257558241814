"""Part 1: who may come in, at which stores, as what, and until when."""

from playwright.sync_api import Locator

from tests.browser.installation import Installation
from tests.browser.journeys.policies import run_now
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person
from thaman_dashboard.sign_in import hash_of

NAME = "Noura al-Harbi"


def test_an_invited_approver_comes_in_goes_between_stores_and_is_sent_away(world: Installation, come: Come) -> None:
    """The owners invite in English at a desk, the approver follows in Arabic on a phone."""
    owner = come("en", DESK).enter(world.asking)
    link = _invite(owner, "approver")
    approver = come("ar", PHONE)
    approver.open(link)
    assert approver.sees(world.asking) and approver.sees(approver.says("role.approver"))
    approver.page.locator('input[name="name"]').fill(NAME)
    approver.press("people.accept")
    assert _shop(approver) == world.asking
    _may_do_what_an_approver_may(approver)

    other = come("en", DESK).enter(world.writing)
    approver.open(_invite(other, "viewer"))
    approver.press("people.accept")
    assert _shop(approver) == world.writing, "signed in already, they have one store more"
    approver.open("/approvals")
    assert approver.page.locator('button[name="approve"]').count() == 0, "a viewer here, whatever they are there"
    switch = approver.page.locator('form[action="/store"]')
    assert switch.locator("option").count() == 2
    switch.locator("select").select_option(world.asking)
    approver.press("people.switch", switch)
    assert _shop(approver) == world.asking

    owner.open("/people")
    [member] = _members(owner).all()
    member.locator("summary").click()
    owner.press("people.remove_yes", member)
    assert _members(owner).count() == 0
    run_now(owner, world.asking)
    # The page that they left open hears of the run, asks for it, and is theirs no more.
    approver.page.get_by_text(approver.says("problem.signed_out.why")).wait_for()
    _is_signed_out(approver)
    spent = come("ar", PHONE)
    spent.open(link, status=404)
    assert spent.sees(spent.says("problem.invitation_spent.step")), "an invitation works once"


def test_a_person_ends_their_other_sessions(world: Installation, come: Come) -> None:
    """One by its button in Arabic on a phone, the rest together; what was ended says so on its next page."""
    here = come("ar", PHONE).enter(world.writing)
    lost, forgotten = (come("en", DESK).enter(world.writing) for _ in range(2))
    here.open("/sessions")
    for one in (here, lost, forgotten):
        assert _ending(here, one).count() == (0 if one is here else 1)
    here.submit(_ending(here, lost))
    here.page.get_by_role("status").first.wait_for()
    _is_signed_out(lost)
    forgotten.open("/")
    here.press("sessions.end_others")
    _is_signed_out(forgotten)
    here.open("/sessions")
    assert here.page.locator("#own ~ ul li").count() == 1


def _invite(owner: Person, role: str) -> str:
    """The link that an invitation is; it is shown once."""
    owner.open("/people")
    form = owner.page.locator('form[action="/people/invitations"]')
    form.locator('input[name="name"]').fill(NAME)
    form.locator('select[name="role"]').select_option(role)
    owner.press("people.invite_make", form)
    return owner.page.locator("main input[readonly]").input_value()


def _members(owner: Person) -> Locator:
    return owner.page.locator("#members ~ ul li").filter(has_text=NAME)


def _shop(person: Person) -> str:
    return person.page.locator("header .shop").inner_text()


def _may_do_what_an_approver_may(approver: Person) -> None:
    page = approver.page
    assert page.locator("details.halt").count() == 1, "they may stop"
    approver.open("/approvals")
    assert page.locator('button[name="approve"]').count() > 0, "and answer"
    approver.open("/runs")
    assert page.locator('form[action="/runs"]').count() == 0, "but ask for no run"
    approver.open("/settings")
    assert page.locator('form[action="/settings"]').count() == 0, "and change no setting"
    for path in ("/people", "/keys", "/policies/new", "/audit/ledger"):
        approver.open(path, status=403)
        assert approver.sees(approver.says("problem.not_allowed.why")), path


def _ending(person: Person, other: Person) -> Locator:
    """The button that ends the other's session."""
    [cookie] = [one["value"] for one in other.context.cookies() if one["name"] == "session"]
    form = person.page.locator("form").filter(
        has=person.page.locator(f'input[name="session"][value="{hash_of(cookie).hex()}"]')
    )
    return form.get_by_role("button")


def _is_signed_out(person: Person) -> None:
    """Their next page is none of the store, and says how to come back."""
    # That an open page's line was refused is noted by the browser itself.
    person.watched.said.clear()
    person.open("/approvals", status=401)
    for part in ("why", "step"):
        assert person.sees(person.says(f"problem.signed_out.{part}"))
    assert person.page.locator(".shop, nav, form[action='/sign-out']").count() == 0
