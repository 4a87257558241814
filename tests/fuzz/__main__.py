"""Feeds the page reader with pages that atheris makes from the corpus, guided by what they reach in the reader.

Ends with 0 when the time is over and nothing broke. A page that breaks the reader, or takes longer than ten seconds,
ends the run and is kept in the folder given by ``--keep``, beside the pages that reached something new: the next run
goes on from them.
"""

import argparse
import sys
from pathlib import Path

HOW = (
    "make fuzz needs atheris, which is not part of the lock (35 MB, Linux and Python 3.11 to 3.13 alone).\n"
    "Install it into this folder's environment and run again:\n"
    "    .thaman/tools/bin/uv pip install --python .venv/bin/python atheris"
)


def main() -> int:
    """Run for so many seconds."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="how long (default 300)")
    parser.add_argument("--longest", type=int, default=20_000, help="bytes of the longest page (default 20,000)")
    parser.add_argument("--keep", type=Path, default=Path(".thaman/fuzz"), help="folder of what was found")
    options = parser.parse_args()
    try:
        import atheris
    except ImportError:
        print(HOW, file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=["thaman_optimizer.domain.reading"]):
        from thaman_optimizer.domain.reading import read_page
    from tests.support.pages import check_answer, corpus_pages

    def read_one(data: bytes) -> None:
        check_answer(read_page(data.decode("utf-8", "replace")))

    found = options.keep / "pages"
    found.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(corpus_pages()):
        (found / f"corpus-{number}").write_bytes(page.encode())
    arguments = [
        f"-max_total_time={options.seconds}",
        f"-max_len={options.longest}",
        "-timeout=10",
        f"-artifact_prefix={options.keep}/broke-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *arguments, str(found)], read_one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
