"""A merchant arrives from onboarding's page, right after Salla's consent, with a token that works once."""

from pydantic import SecretStr

from thaman_dashboard.errors import SpentLink
from thaman_dashboard.patience import until
from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.sign_in import SignIn, hash_of
from thaman_dashboard.views import Role
from thaman_kit.clock import Clock
from thaman_kit.handover import BadHandover, read


class Arrivals:
    """Opens sessions of whom onboarding hands over, as the store's owner: Salla lets nobody else connect it."""

    def __init__(
        self,
        key: SecretStr | None,
        own: OwnState,
        read_models: ReadModels,
        sign_in: SignIn,
        clock: Clock,
        patience: float,
    ) -> None:
        """Without a ``key`` nobody arrives; ``patience`` is how many seconds a store that was connected just now may
        take to be heard of."""
        self._key = key
        self._own = own
        self._read_models = read_models
        self._sign_in = sign_in
        self._clock = clock
        self._patience = patience

    def enter(self, token: str, agent: str | None) -> str | None:
        """Spend a token; gives the new session's secret id. ``None``: the store was not heard of yet, and the token
        still works.

        Raises:
            SpentLink: it is none of onboarding's, was used already, or has expired.
        """
        if self._key is None:
            raise SpentLink
        try:
            handover = read(self._key, token, self._clock.now())
        except BadHandover as error:
            raise SpentLink from error
        if not until(lambda: self._is_known(handover.store_id), self._patience):
            return None
        # From here on the token is a link like any other, and works once as they do.
        self._own.add_link(hash_of(token), handover.store_id, Role.OWNER, handover.expires_at)
        return self._sign_in.enter(token, agent)

    def _is_known(self, store_id: str) -> bool:
        store = self._read_models.store(store_id)
        return store is not None and not store.forgotten
