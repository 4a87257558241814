"""Whether the user who authorised the app may still act."""

from thaman_sandbox.errors import UserDeleted, UserInactive
from thaman_sandbox.models import Store


def check_user(store: Store) -> None:
    """Raise :class:`UserDeleted` or :class:`UserInactive`."""
    if store.user_status == "deleted":
        raise UserDeleted(store.name)
    if store.user_status == "inactive":
        raise UserInactive(store.name)
