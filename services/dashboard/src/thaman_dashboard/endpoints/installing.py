"""What a browser needs to install the dashboard: a manifest, a worker for static files, a page for no network."""

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.pages.speech import Speech
from thaman_dashboard.pages.worker_script import POLICY, worker_script
from thaman_kit import language

COLOUR, GROUND = "#0b6e4f", "#f3f6f4"
SIZES = (192, 512)
router = APIRouter(include_in_schema=False)


@router.get("/manifest.webmanifest")
def manifest(request: Request, desk: AtDesk) -> Response:
    """What the installed dashboard is called and looks like, in the language that is asked for."""
    chosen = language.language_of(request)
    s = Speech(chosen, desk.clock.now())
    told: dict[str, Any] = {
        "id": "/",
        "name": str(s.say("live.app_name")),
        "short_name": str(s.say("chrome.brand")),
        "description": str(s.say("live.app_about")),
        "lang": chosen,
        "dir": "rtl" if chosen == "ar" else "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": COLOUR,
        "icons": [
            *_pictures(desk),
            {"src": desk.pages.assets.address("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }
    headers = {"Vary": "Accept-Language, Cookie", "Content-Language": chosen}
    body = json.dumps(told, ensure_ascii=False)
    return Response(body, media_type="application/manifest+json; charset=utf-8", headers=headers)


@router.get("/sw.js")
def worker(desk: AtDesk) -> Response:
    """The worker of the browser; it may fetch nothing that is not ours."""
    return Response(
        worker_script(desk.pages.assets),
        media_type="text/javascript; charset=utf-8",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"},
    )


@router.get("/offline")
def offline(request: Request, desk: AtDesk) -> Response:
    """What is shown where no page arrives, in both languages at once."""
    now = desk.clock.now()
    return desk.pages.show(request, "offline.html", arabic=Speech("ar", now), english=Speech("en", now))


def _pictures(desk: Desk) -> list[dict[str, str]]:
    return [
        {"src": desk.pages.assets.address(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in SIZES
    ]
