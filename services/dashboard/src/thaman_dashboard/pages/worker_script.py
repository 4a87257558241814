"""The browser's service worker: it keeps the static files and the page for no network, and nothing that anybody knows.

Pages, fragments and data always come from the network; where they do not come, the page for no network does.
"""

import hashlib
import json
from importlib import resources

from thaman_dashboard.pages.assets import Assets

OFFLINE = "/offline"
POLICY = "default-src 'none'; connect-src 'self'"
"""A worker fetches by its own policy, not its page's."""


def worker_script(assets: Assets) -> str:
    """The worker with the addresses that it keeps; another set of files is another worker."""
    code = resources.files("thaman_dashboard").joinpath("pages/service_worker.js").read_text(encoding="utf-8")
    kept = [OFFLINE, *assets.addresses()]
    version = hashlib.sha256(json.dumps([kept, code]).encode()).hexdigest()[:16]
    return f"const KEPT = {json.dumps(kept)};\nconst VERSION = {json.dumps(version)};\n{code}"
