"""Text of strangers made harmless to show: to agents as data, to merchants as a sentence."""

import re
import unicodedata

LONGEST_TITLE = 80
"""Letters of a title that agents are shown."""

LONGEST_SUMMARY = 600
"""Letters of a summary that merchants are shown."""

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of characters that cannot be seen, or that change how their neighbours are seen: controls, direction
marks, zero-width ones, surrogates, private ones and line separators."""

_ADDRESS = re.compile(r"\S*(?:://|www\.|@|[\w-]+\.[^\W\d_]{2,})\S*", re.IGNORECASE)


def harmless(text: str, longest: int) -> str:
    """``text`` in NFKC on one line, without unseen characters, cut to ``longest`` letters."""
    # Cut before, too: what normalising and looking at each letter costs must not be a stranger's choice.
    known = unicodedata.normalize("NFKC", text[: 4 * longest])
    seen = "".join(" " if letter.isspace() else letter for letter in known if not _is_unseen(letter))
    return " ".join(seen.split())[:longest].rstrip()


def title(text: str) -> str:
    """A title as agents are shown it."""
    return harmless(text, LONGEST_TITLE)


def summary(text: str) -> str:
    """A summary as merchants are shown it: without anything that looks like an address to go to."""
    return _ADDRESS.sub("…", harmless(text, LONGEST_SUMMARY))


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN and not letter.isspace()
