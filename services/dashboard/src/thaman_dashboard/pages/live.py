"""Parts of a page that are shown anew when something happens: which event, and where the part is asked for.

The part is asked for with the page's own address, so there is no second way to make it; without script nothing happens.
"""

from urllib.parse import quote

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request


def here(request: Request) -> str:
    """The page's own address."""
    # A path that begins with two slashes would be another site's address.
    path = quote("/" + request.scope["path"].lstrip("/"))
    query = request.url.query
    return f"{path}?{query}" if query else path


@pass_context
def attributes(context: Context, event: str, selector: str) -> Markup:
    """The attributes of an element that is shown anew upon an event of the store; ``selector`` finds it in the page."""
    return Markup('hx-get="{}" hx-trigger="sse:{}" hx-select="{}" hx-swap="outerHTML"').format(
        context["here"], event, selector
    )


@pass_context
def again(context: Context, selector: str) -> Markup:
    """The attributes of an element that is shown anew every second, until it comes without them."""
    return Markup('hx-get="{}" hx-trigger="every 1s" hx-select="{}" hx-swap="outerHTML"').format(
        context["here"], selector
    )
