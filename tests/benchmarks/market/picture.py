"""A picture of the table: how much of the guarded oracle's profit everybody reached, a dot for each world. SVG."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from tests.benchmarks.market.summary import Line, over_worlds, taking_part

_LEFT, _RIGHT, _ROW, _TOP = 220, 60, 26, 70
_WIDTH = 860
_LOWEST, _HIGHEST = 0.0, 1.15
_GOAL = 0.96


def picture(lines: Sequence[Line], caption: str) -> str:
    """An SVG document."""
    height = _TOP + _ROW * len(taking_part(lines)) + 60
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            'font-family="system-ui, sans-serif" font-size="13" fill="#1c2733">',
            f"<title>{escape(caption)}</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="26" font-size="16" font-weight="600">{escape(caption)}</text>',
            '<text x="16" y="46" fill="#5b6875">Share of the profit of an oracle inside the same guardrails: '
            "bar = mean over worlds, dots = worlds, dashed = .96</text>",
            *_axis(height),
            *(part for place, name in enumerate(taking_part(lines)) for part in _row(lines, name, place)),
            "</svg>",
            "",
        ]
    )


def _x(share: float) -> float:
    within = min(max(share, _LOWEST), _HIGHEST)
    return _LEFT + (within - _LOWEST) / (_HIGHEST - _LOWEST) * (_WIDTH - _LEFT - _RIGHT)


def _axis(height: int) -> Iterator[str]:
    bottom = height - 36
    for tenth in range(0, 12, 2):
        x = _x(tenth / 10)
        yield f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#e3e8ed"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#5b6875">{tenth / 10:.1f}</text>'
    goal = _x(_GOAL)
    stroke = 'stroke="#b4541a" stroke-dasharray="4 3"'
    yield f'<line x1="{goal:.1f}" y1="{_TOP - 8}" x2="{goal:.1f}" y2="{bottom}" {stroke}/>'


def _row(lines: Sequence[Line], name: str, place: int) -> Iterator[str]:
    mean, _ = over_worlds(lines, name)
    top = _TOP + _ROW * place
    middle = top + _ROW / 2
    colour = "#0f7b6c" if name.startswith("engine") else "#8a97a5" if "oracle" in name else "#c3ccd5"
    yield f'<text x="{_LEFT - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>'
    width = max(_x(mean) - _x(0), 0)
    yield f'<rect x="{_x(0):.1f}" y="{top + 5}" width="{width:.1f}" height="{_ROW - 10}" rx="2" fill="{colour}"/>'
    for line in lines:
        if line.name == name:
            yield (
                f'<circle cx="{_x(line.of_guarded):.1f}" cy="{middle:.1f}" r="3" fill="#1c2733" fill-opacity=".55">'
                f"<title>{escape(line.world)}: {line.of_guarded:.3f}</title></circle>"
            )
    yield f'<text x="{_WIDTH - 12}" y="{middle + 4:.1f}" text-anchor="end">{mean:.3f}</text>'
