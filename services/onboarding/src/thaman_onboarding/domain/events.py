"""The stored events of half of onboarding: stores, keys, the installation.

Each carries what it publishes, plus what only onboarding needs to decide later: the provider's time, by which
reordered messages of Salla are put in order.
"""

from thaman_contracts.events import UtcDatetime, onboarding
from thaman_kit.domain import DomainEvent


class StoreAuthorized(DomainEvent, onboarding.StoreAuthorized, topic="store.Authorized"):
    """A merchant connected a store for the first time, or again after uninstalling."""

    authorized_at: UtcDatetime


class StoreReauthorized(DomainEvent, onboarding.StoreReauthorized, topic="store.Reauthorized"):
    """New tokens arrived for a connected store, or for one that had to be reconnected."""

    authorized_at: UtcDatetime


class StoreSettingsChanged(DomainEvent, onboarding.StoreSettingsChanged, topic="store.SettingsChanged"):
    """The pricing policy changed."""


class ItemRulesChanged(DomainEvent, onboarding.ItemRulesChanged, topic="store.ItemRulesChanged"):
    """Rules of single items changed."""


class StorePaused(DomainEvent, onboarding.StorePaused, topic="store.Paused"):
    """Writing stopped."""


class StoreResumed(DomainEvent, onboarding.StoreResumed, topic="store.Resumed"):
    """Writing is allowed again."""


class StoreUninstalled(DomainEvent, onboarding.StoreUninstalled, topic="store.Uninstalled"):
    """The merchant removed the app."""

    uninstalled_at: UtcDatetime


class StoreForgotten(DomainEvent, onboarding.StoreForgotten, topic="store.Forgotten"):
    """The store's data key was destroyed."""


class UninstallNoted(DomainEvent, topic="store.UninstallNoted"):
    """An uninstall of a store that is not connected (any more). Private: nobody outside knew the store as connected.

    It keeps the tombstone, so that an older authorisation arriving late is not taken for a new one.
    """

    uninstalled_at: UtcDatetime


class ReauthorizationRequired(DomainEvent, onboarding.ReauthorizationRequired, topic="store.ReauthorizationRequired"):
    """The tokens stopped working for good."""


class EntitlementChanged(DomainEvent, onboarding.EntitlementChanged, topic="store.EntitlementChanged"):
    """A trial or subscription changed."""

    reported_at: UtcDatetime


class SystemSettingsChanged(DomainEvent, onboarding.SystemSettingsChanged, topic="system.SettingsChanged"):
    """Installation-wide settings changed."""


class ApiKeyIssued(DomainEvent, onboarding.ApiKeyIssued, topic="key.Issued"):
    """An API key was created."""


class ApiKeyRevoked(DomainEvent, onboarding.ApiKeyRevoked, topic="key.Revoked"):
    """An API key stopped working."""
