"""The settings of the whole installation, as onboarding's API has them."""

from thaman_dashboard.adapters.owners_http import OwnersHttp

_ADDRESS = "/system/settings"


class HttpSystemOwner:
    """Implements :class:`thaman_dashboard.operator_ports.SystemOwner`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks onboarding."""
        self._http = http

    def stop(self, *, stopped: bool) -> None:
        """See :class:`~thaman_dashboard.operator_ports.SystemOwner`."""
        # A stop is meant whatever else was changed meanwhile, so it names no version.
        self._http.ask("onboarding", "PATCH", _ADDRESS, json={"stopped": stopped})
