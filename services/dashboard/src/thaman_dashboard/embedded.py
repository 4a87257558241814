"""What Salla's admin is shown of a store, and the one-time link for whom it is shown to."""

from dataclasses import dataclass

from thaman_dashboard.embedded_ports import Introspection
from thaman_dashboard.people_ports import PeopleState
from thaman_dashboard.people_views import MemberView
from thaman_dashboard.ports import ReadModels
from thaman_dashboard.sign_in import SignIn
from thaman_dashboard.views import Overview, Role, StoreView, SystemView
from thaman_kit.clock import Clock


@dataclass(frozen=True, slots=True)
class Seen:
    """A store as its page in Salla's admin shows it.

    Without a ``store`` it is not connected; without a ``member``, an owner removed the user, and nothing is shown.
    """

    store: StoreView | None
    member: MemberView | None = None
    link: str | None = None
    counts: Overview | None = None
    system: SystemView | None = None


@dataclass(frozen=True, slots=True)
class Embedded:
    """The page inside Salla's admin. ``role`` is what a new user of it is; ``origins`` may frame it."""

    introspection: Introspection
    people: PeopleState
    read_models: ReadModels
    sign_in: SignIn
    clock: Clock
    role: Role
    origins: str

    def look(self, token: str) -> Seen:
        """The store of a token of Salla's, and a link for the user it was given to.

        Raises:
            BadEmbeddedToken: Salla does not know it, or not any more.
            SallaSilent: Salla did not say.
        """
        guest, now = self.introspection.guest(token), self.clock.now()
        store = self.read_models.store(guest.store_id)
        if store is None or store.forgotten:
            return Seen(None)
        member = self.people.salla_person(guest.store_id, guest.user_id, self.role, now)
        if member is None:
            return Seen(store)
        link = self.sign_in.make_link(guest.store_id, member.role, member.person_id)
        counts = self.read_models.overview(guest.store_id, now)
        return Seen(store, member, link.token, counts, self.read_models.system())
