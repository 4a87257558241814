"""Sitemaps: what a site lists of itself, and nothing that an XML file could do besides."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pages import steps_of

from thaman_optimizer.domain.addresses import is_of_shop, is_web_address, shop_of
from thaman_optimizer.domain.sitemaps import (
    MAX_ADDRESSES,
    MAX_SITEMAP_BYTES,
    Sitemap,
    SitemapUnreadable,
    first_sitemaps,
    parse_sitemap,
)

SHOP = "rival.example"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*urls: str) -> bytes:
    inner = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACE}>{inner}</urlset>'.encode()


def test_pages_of_the_site_alone_once_each_and_without_images() -> None:
    text = f"""<?xml version="1.0"?><!-- made by x --><?xml-stylesheet href="/x.xsl"?>
    <urlset {NAMESPACE} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
      <url><loc> https://rival.example/1#top
        </loc><lastmod>2026-01-01</lastmod>
        <image:image><image:loc>https://rival.example/i.png</image:loc></image:image></url>
      <url><loc>https://www.rival.example/عود</loc></url><url><loc>https://rival.example/1</loc></url>
      <url><loc>https://rival.example.evil.example/</loc></url><url><loc>https://cdn.rival.example/</loc></url>
      <url><loc>http://rival.example:8080/</loc></url><url><loc>javascript:alert(1)</loc></url><url><loc/></url>
      <url><loc><![CDATA[https://rival.example/a?b=1&c=2]]></loc></url><loc>https://rival.example/stray</loc>
    </urlset>"""
    pages = ("https://rival.example/1", "https://www.rival.example/عود", "https://rival.example/a?b=1&c=2")
    assert parse_sitemap(text.encode(), SHOP) == Sitemap(pages, foreign=4)


@pytest.mark.parametrize("packed", [False, True])
def test_an_index_names_further_sitemaps(packed: bool) -> None:
    inner = "<sitemap><loc>https://rival.example/s1.xml.gz</loc></sitemap>"
    text = f"<sitemapindex {NAMESPACE}>{inner}</sitemapindex>".encode()
    found = parse_sitemap(gzip.compress(text) if packed else text, SHOP)
    assert found == Sitemap(sitemaps=("https://rival.example/s1.xml.gz",))


def test_no_more_addresses_than_are_looked_at() -> None:
    many = urlset(*(f"https://rival.example/{number}" for number in range(MAX_ADDRESSES + 100)))
    assert len(parse_sitemap(many, SHOP).pages) == MAX_ADDRESSES


def laughs() -> str:
    """Entities of entities: a dozen lines that would be a thousand million letters."""
    lines = ['<!ENTITY l0 "ha">']
    for number in range(1, 12):
        inner = f"&l{number - 1};" * 10
        lines.append(f'<!ENTITY l{number} "{inner}">')
    return f"<!DOCTYPE u [{''.join(lines)}]>"


BOMBS = {
    "billion laughs": f"{laughs()}<urlset><url><loc>&l11;</loc></url></urlset>".encode(),
    "in an attribute": f'{laughs()}<urlset a="&l11;"/>'.encode(),
    "quadratic": b'<!DOCTYPE u [<!ENTITY a "' + b"x" * 100_000 + b'">]><urlset>' + b"&a;" * 100_000 + b"</urlset>",
    "a file": b'<!DOCTYPE u [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url></urlset>',
    "an address": b'<!DOCTYPE u SYSTEM "http://127.0.0.1:1/x.dtd"><urlset/>',
    "a parameter": b'<!DOCTYPE u [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]><urlset/>',
    "in utf-16": '<!DOCTYPE u [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>'.encode("utf-16"),
    "depth": b"<urlset>" + b"<url>" * 100_000,
    "attributes": b"<urlset " + b" ".join(b'a%d=""' % number for number in range(300_000)) + b">",
    "gzip": gzip.compress(b" " * 200_000_000, 1),
    "gzip in members": gzip.compress(b" " * 6_000_000, 1) * 3,
    "large": b"<urlset>" + b" " * MAX_SITEMAP_BYTES + b"</urlset>",
    "xinclude": b'<urlset xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_go_off(name: str) -> None:
    with pytest.raises(SitemapUnreadable):
        parse_sitemap(BOMBS[name], SHOP)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<html/>",
        b"<rss/>",
        b"<urlset>",
        b"\x1f\x8b",
        b"<urlset><url><loc>&x;</loc></url></urlset>",
        b'<?xml version="1.0" encoding="x"?><urlset/>',
        urlset("https://rival.example/1")[:-5],
        gzip.compress(urlset(), mtime=0)[:20],
    ],
)
def test_what_is_no_sitemap_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(SitemapUnreadable, match=r"\w"):
        parse_sitemap(data, SHOP)


def test_where_to_begin() -> None:
    named = ("https://www.rival.example/a.xml", "https://cdn.example/b.xml", "nonsense")
    assert first_sitemaps("https://rival.example/ar/", named) == ("https://www.rival.example/a.xml",)
    assert first_sitemaps("https://rival.example/ar/", ()) == ("https://rival.example/sitemap.xml",)
    assert first_sitemaps("https://rival.example/my.xml.gz", named) == ("https://rival.example/my.xml.gz",)
    assert first_sitemaps("https://salla.sa/shop/ar", ()) == ("https://salla.sa/shop/sitemap.xml",)


@pytest.mark.parametrize(
    ("url", "shop"),
    [
        ("https://www.Rival.example/p", "rival.example"),
        ("http://rival.example:80", "rival.example"),
        ("https://rival.example:8443/", "rival.example:8443"),
        ("https://salla.sa/Shop/p1", "salla.sa/shop"),
        ("https://salla.sa", "salla.sa/"),
        (f"https://{'متجر'.encode('idna').decode()}.example/", "متجر.example"),
        ("https://متجر.example/", "متجر.example"),
        ("https://xn--/", "xn--"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
    ],
)
def test_what_a_shop_is_called_by_its_address(url: str, shop: str) -> None:
    assert shop_of(url) == shop
    assert is_of_shop(url, shop)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://a.example/",
        "file:///x",
        "http://",
        "http:///p",
        "//a.example",
        "http://a@b.example",
        "http://a.example\\@b.example",
        "http://[::1",
        "http://a.example:0/",
        "http://a.example:99999/",
        "http://a b/",
        "http://a.example/\n",
        "http://a.example/\u202e",
        "http://\u2028/",
        "http://exa\x00mple/",
        f"http://a.example/{'x' * 2_000}",
    ],
)
def test_what_is_no_plain_web_address(url: str) -> None:
    assert not is_web_address(url)


PARTS = (
    *("<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "<sitemapindex>", "<sitemap>", "</sitemap>"),
    *(
        "https://rival.example/1",
        "https://b.example",
        "<!DOCTYPE a>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&#0;",
        "&amp;",
    ),
)
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=40).map("".join)


@settings(deadline=None)
@given(TEXTS | TEXTS.map("<urlset>{}</urlset>".format), st.booleans())
def test_any_text_is_a_sitemap_or_refused(text: str, packed: bool) -> None:
    data = text.encode("utf-8", "replace")
    try:
        found = parse_sitemap(gzip.compress(data) if packed else data, SHOP)
    except SitemapUnreadable as error:
        assert str(error)
    else:
        assert all(is_of_shop(url, SHOP) for url in found.pages)
        assert not (found.pages and found.sitemaps)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_sitemap_or_refused(data: bytes) -> None:
    for one in (data, b"\x1f\x8b" + data, gzip.compress(data) + data, b"<?xml" + data):
        try:
            parse_sitemap(one, SHOP)
        except SitemapUnreadable as error:
            assert str(error)


@given(st.text(max_size=40) | st.text("htps:/.w@[]xn-é٣", max_size=40).map("http://".__add__))
def test_any_text_is_an_address_with_a_shop_or_none(text: str) -> None:
    if is_web_address(text):
        assert shop_of(text) is not None


def test_twice_the_sitemap_takes_twice_the_steps_at_most() -> None:
    def read(size: int) -> None:
        parse_sitemap(urlset(*(f"https://rival.example/{number}" for number in range(size))), SHOP)

    read(1)
    once, twice = steps_of(lambda: read(250)), steps_of(lambda: read(500))
    assert twice <= 2.4 * once + 2_000, (once, twice)
