"""What a browser installs: other people's files as they were published, a manifest, a worker that keeps no page."""

import gzip
import hashlib
import json
import re
import struct
from collections.abc import Iterator
from importlib import resources

import pytest

from thaman_dashboard.pages.assets import Assets
from thaman_dashboard.testing_events import authorized
from thaman_dashboard.testing_pages import House, Markup, standing_house
from thaman_kit.embedded.databases import Databases

STATIC = resources.files("thaman_dashboard").joinpath("pages/static")


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over one store."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(authorized("77"))
        yield standing


def test_other_peoples_files_are_as_they_were_published() -> None:
    folder = STATIC.joinpath("vendor")
    listed = json.loads(folder.joinpath("vendor.json").read_text(encoding="utf-8"))
    for one in listed:
        assert hashlib.sha256(folder.joinpath(one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        assert folder.joinpath(one["licence_file"]).read_text(encoding="utf-8").strip(), one["name"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", one["version"]) and one["package"] and one["licence"] == "0BSD"
    told = {one["file"] for one in listed} | {one["licence_file"] for one in listed} | {"vendor.json"}
    assert {file.name for file in folder.iterdir()} == told, "nothing that nobody answers for"


def test_static_files_come_packed_to_who_can_unpack_them(house: House) -> None:
    assets, browser = Assets(), house.browser()
    for address in assets.addresses():
        asset = assets.get(address.rpartition("/")[2])
        assert asset is not None
        plain = browser.request("GET", address, headers={"Accept-Encoding": "identity"})
        assert plain.content == asset.body and "content-encoding" not in plain.headers, address
        packed = browser.request("GET", address, headers={"Accept-Encoding": "gzip"})
        assert packed.content == asset.body, address
        assert ("content-encoding" in packed.headers) == (asset.packed is not None), address
    for icon, size in (("icon-192.png", 192), ("icon-512.png", 512)):
        picture = STATIC.joinpath(icon).read_bytes()
        assert struct.unpack(">II", picture[16:24]) == (size, size)
        assert len(picture) < 20_000
    scripts = [asset for name in ("htmx.min.js", "htmx-sse.min.js", "page.js", "style.css")
               if (asset := assets.get(assets.address(name).rpartition("/")[2]))]  # fmt: skip
    assert sum(len(asset.packed or b"") for asset in scripts) < 60_000, "a first page has to be light"
    assert all(gzip.decompress(asset.packed or b"") == asset.body for asset in scripts)


def test_script_of_ours_asks_nothing_of_the_policy() -> None:
    for file in ("page.js",):
        script = STATIC.joinpath(file).read_text(encoding="utf-8")
        assert not re.findall(r"\beval\b|new Function|innerHTML|document\.write|\.style\b|setAttribute\(.on", script)


@pytest.mark.parametrize(("language", "way", "name"), [("ar", "rtl", "ثمن"), ("en", "ltr", "Thaman")])
def test_the_manifest_speaks_the_language_that_is_asked_for(house: House, language: str, way: str, name: str) -> None:
    answer = house.browser().get("/manifest.webmanifest", language)
    assert answer.headers["content-type"].startswith("application/manifest+json")
    told = answer.json()
    assert (told["lang"], told["dir"], told["short_name"]) == (language, way, name)
    assert (told["start_url"], told["scope"], told["display"]) == ("/", "/", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
    for icon in told["icons"]:
        assert house.browser().get(icon["src"]).status_code == 200, icon


def test_the_worker_keeps_static_files_and_the_page_for_no_network_and_nothing_else(house: House) -> None:
    browser = house.browser("77")
    answer = browser.get("/sw.js")
    assert answer.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert answer.headers["content-type"].startswith("text/javascript")
    kept = json.loads(re.findall(r"const KEPT = (\[.*?\]);", answer.text)[0])
    assert kept == ["/offline", *Assets().addresses()]
    assert "store.put" not in answer.text and "cache.put" not in answer.text, "nothing is kept that was not listed"
    page = browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    assert '<link rel="manifest" href="/manifest.webmanifest?lang=en">' in page.text


def test_the_page_for_no_network_says_it_in_both_languages_and_knows_nobody(house: House) -> None:
    for browser in (house.browser(), house.browser("77")):
        page = Markup(browser.get("/offline").text)
        assert "لا يوجد اتصال" in page.text and "No connection" in page.text
        assert page.headings == [1, 2, 2]
        assert "متجر 77" not in page.text and "csrf" not in page.html
        assert [given["lang"] for tag, given in page.tags if tag == "section"] == ["ar", "en"]
        assert {given.get("rel") for tag, given in page.tags if tag == "link"} == {"stylesheet", "icon"}


def test_pages_print_without_what_is_pressed() -> None:
    style = STATIC.joinpath("style/50-live.css").read_text(encoding="utf-8")
    printed = style.partition("@media print")[2]
    hidden = re.findall(r"([^{}]*)\{ display: none; \}", printed)[0]
    assert {"nav", ".tools", ".deeds", "button", ".filters"} <= {part.strip() for part in hidden.split(",")}
