"""Answers of a crew for property tests: near to what is expected, hostile, and nonsense."""

from typing import Any

from hypothesis import strategies as st

_numbers = st.one_of(st.integers(-(10**30), 10**30), st.integers(7_000, 13_000), st.floats(), st.booleans())
_words = st.one_of(
    st.sampled_from(("i1", "i2", "i3", "o1", "o2", "o3", "o9", "low", "medium", "high")), st.text(max_size=9)
)
_junk = st.recursive(
    st.none() | _numbers | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """What is said of one item; every part may be missing or wrong."""
    refs = st.lists(st.sampled_from(("o1", "o2", "o3", "o4", "o9")), max_size=4)
    said: dict[str, Any] = {"item": draw(st.sampled_from(("i1", "i1", "i2", "i3", "i9")))}
    parts: dict[str, st.SearchStrategy[Any]] = {
        "drop": refs | _junk,
        "weaken": refs | _junk,
        "demand_factor_bp": _numbers | _junk,
        "demand_days": _numbers | _junk,
        "risk": st.sampled_from(("low", "unchanged", "medium", "high")) | _junk,
        "hold": st.booleans() | _junk,
        "why": st.sampled_from(("bait", "season", "no such")) | _junk,
        "price": _numbers,
        "floor": _numbers,
    }
    for name, values in parts.items():
        if draw(st.booleans()):
            said[name] = draw(values)
    return said


@st.composite
def answers(draw: st.DrawFn) -> object:
    """Any answer."""
    if draw(st.integers(0, 9)) == 0:
        return draw(_junk)
    said: dict[str, Any] = {"items": draw(st.lists(entries() | _junk, max_size=4) | _junk)}
    return said | {name: draw(_junk) for name in ("summary_ar", "summary_en") if draw(st.booleans())}
