"""An operator's own name, logo and colours on the pages; a colour that cannot be read on them is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

LEAST_CONTRAST = 4.5
"""WCAG 2.2, level AA, for text."""
MOST_BYTES = 200_000
GROUNDS = ("paper", "ground", "good-ground", "on-mark")
"""What the colour of links and buttons stands on, or has standing on it."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SIGNATURES = {"png": b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True, slots=True)
class Brand:
    """What an operator gave; ``light`` and ``dark`` are colours for light and for dark screens, ``logo`` is a file's
    bytes with its kind."""

    name: str | None = None
    light: str | None = None
    dark: str | None = None
    logo: tuple[bytes, str] | None = None

    @property
    def style(self) -> bytes | None:
        """A stylesheet with the colours; ``None`` where there are none."""
        rules = []
        if self.light is not None:
            rules.append(f":root {{ --mark: {self.light}; --good: {self.light}; }}")
        if self.dark is not None:
            dark = f":root {{ --mark: {self.dark}; --good: {self.dark}; }}"
            rules.append(f"@media (prefers-color-scheme: dark) {{ {dark} }}")
        elif self.light is not None:
            own = _themes()["dark"]["mark"]
            rules.append(f"@media (prefers-color-scheme: dark) {{ :root {{ --mark: {own}; --good: {own}; }} }}")
        return "\n".join(rules).encode() if rules else None

    @property
    def logo_name(self) -> str | None:
        """Under which name the logo is an asset."""
        return None if self.logo is None else f"brand-logo.{self.logo[1]}"


def legible(colour: str, theme: str) -> str:
    """A colour that can be read on all grounds of a theme (``light`` or ``dark``), in lower case.

    Raises:
        ValueError: it is no ``#rrggbb``, or its contrast is too low; says on what, and how much there has to be.
    """
    found = colour.strip().lower()
    if not _COLOUR.fullmatch(found):
        raise ValueError("is not a colour like #0b6e4f")
    for name in GROUNDS:
        ground = _themes()[theme][name]
        ratio = contrast(found, ground)
        if ratio < LEAST_CONTRAST:
            way = "darker" if theme == "light" else "lighter"
            raise ValueError(
                f"has a contrast of {ratio:.1f} with {ground}, and text needs {LEAST_CONTRAST}; choose a {way} colour"
            )
    return found


def logo_of(path: Path) -> tuple[bytes, str]:
    """A logo's bytes and kind.

    Raises:
        ValueError: it cannot be read, is too large, or is neither PNG nor SVG.
    """
    kind = path.suffix.lower().removeprefix(".")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if len(body) > MOST_BYTES:
        raise ValueError(f"has {len(body)} bytes and may have {MOST_BYTES}")
    is_right = b"<svg" in body[:1_000] if kind == "svg" else body.startswith(_SIGNATURES.get(kind, b"\0"))
    if not is_right:
        raise ValueError("is neither a PNG nor an SVG file")
    return body, kind


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@cache
def _themes() -> Mapping[str, Mapping[str, str]]:
    """The colours of the pages' own stylesheet, by theme."""
    base = resources.files("thaman_dashboard").joinpath("pages/static/style/00-base.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", base, re.DOTALL)[:2]
    found = {
        theme: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", text))
        for theme, text in (("light", light), ("dark", dark))
    }
    return {theme: {name: _full(colour) for name, colour in colours.items()} for theme, colours in found.items()}


def _full(colour: str) -> str:
    digits = colour.removeprefix("#")
    return f"#{''.join(digit * 2 for digit in digits)}" if len(digits) == 3 else colour


def _luminance(colour: str) -> float:
    digits = _full(colour).removeprefix("#")
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
