"""How long the reader takes for an ordinary page: ``python -m tests.benchmarks.reading``."""

import argparse
import statistics
import sys
import time

from thaman_optimizer.domain.reading import read_page

ROUNDS = 50
HEAD = (
    '<html lang="ar"><head><meta charset="utf-8"><meta property="product:price:amount" content="299">'
    '<meta property="product:price:currency" content="SAR"><style>.ghost{display:none}</style>'
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Product","name":"عود","offers":'
    '{"@type":"Offer","price":"299","priceCurrency":"SAR","availability":"https://schema.org/InStock"}}</script></head>'
)
PRODUCT = (
    '<main><div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">عود</h1>'
    '<div itemprop="offers" itemscope '
    'itemtype="https://schema.org/Offer"><del>350 ر.س</del> <span itemprop="price" content="299">299 ر.س</span>'
    '<meta itemprop="priceCurrency" content="SAR"><link itemprop="availability" href="https://schema.org/InStock"></div></div>'
)
CARD = (
    '<li class="card card--product flex md:block" data-id="1"><a href="/p/1" class="card__link">'
    '<img src="/i/1.jpg" alt="مسك">'
    '<span class="card__name">مسك أبيض 50 مل</span></a><div class="price"><b>99 ر.س</b></div>'
    "<button>أضف للسلة</button></li>"
)
SCRIPT = "<script>window.__S__=window.__S__||[];for(var i=0;i<9;i++){window.__S__.push({a:i,b:'x'})}</script>"


def page_of(kilobytes: int) -> str:
    """A product page in the manner of a shop's theme: half of it cards of other products, half of it scripts."""
    half = kilobytes * 500
    cards = CARD * (half // len(CARD.encode()))
    scripts = SCRIPT * (half // len(SCRIPT.encode()))
    related = f"<section class='related'><h2>منتجات أخرى</h2><ul>{cards}</ul></section>"
    return f"{HEAD}<body>{PRODUCT}{related}</main>{scripts}</body></html>"


def main() -> int:
    """Print milliseconds: the median and the slowest of many rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kilobytes", type=int, default=200, help="of the page (default 200)")
    page = page_of(parser.parse_args().kilobytes)
    # The first page loads what others then have.
    reading = read_page(page)
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        read_page(page)
        taken.append((time.process_time() - began) * 1_000)
    print(
        f"{len(page.encode()):,} bytes, {page.count('<'):,} tags: {reading.price} halalas, {reading.confidence_bp} bp"
    )
    print(f"{statistics.median(taken):.1f} ms of processor time a page (slowest of {ROUNDS}: {max(taken):.1f} ms)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
