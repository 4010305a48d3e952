"""Colours and rules of the SVG, for light and for dark surroundings.

Everything is below ``svg.gitless-graph``, so that the picture changes nothing in a page that holds it. Such a page
chooses with ``data-theme`` on any element around it; otherwise the reader's preference counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.model.graph.graph import Relation, Tone

_FONT: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"

_SHAPES: Final = (
    f"{{s}}{{{{font-family:{_FONT}}}}}"
    "{s} .title{{font-size:20px;font-weight:700}}"
    "{s} .subtitle,{s} .legend text{{font-size:12px}}"
    "{s} .heading{{font-size:13px;font-weight:650;letter-spacing:.02em}}"
    "{s} .kind{{font-size:11px}}"
    "{s} .aside{{font-size:11px;font-style:italic}}"
    "{s} .name{{font-size:13px;font-weight:600}}"
    "{s} .count{{font-size:11px;font-weight:700;text-anchor:middle}}"
    "{s} .icon{{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}}"
    "{s} .sign{{fill:none;stroke:#fff;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}}"
    "{s} .edge{{fill:none;stroke-width:1.5;stroke-linecap:round}}"
    "{s} .body{{stroke-width:1.2}}"
    "{s} .toned .body{{stroke-width:1.8}}"
    "{s} .missing .body{{stroke-dasharray:5 4}}"
    "{s} .deleted .name{{text-decoration:line-through}}"
    "{s} .owner{{stroke-width:2.2}}"
    "{s} .selector{{stroke-dasharray:7 4}}"
    "{s} .dependsOn{{stroke-dasharray:.1 5;stroke-width:2.4}}"
    "{s} .source{{stroke-dasharray:14 4 2 4}}"
    "{s} .evidence{{stroke-width:2}}"
)

_LIGHT: Final[Mapping[str, str]] = {
    "canvas": "#f6f7f9", "frame": "#ffffff", "frame-line": "#dde1e7", "card": "#ffffff", "card-line": "#c6ccd5",
    "ink": "#1b2028", "soft": "#5d6673", "chip": "#eef0f4", "chip-line": "#4b5563",
}  # fmt: skip
_DARK: Final[Mapping[str, str]] = {
    "canvas": "#0e1116", "frame": "#141920", "frame-line": "#2a313c", "card": "#1b212a", "card-line": "#3a4350",
    "ink": "#e8ebf0", "soft": "#9ba5b3", "chip": "#29313c", "chip-line": "#c3cad4",
}  # fmt: skip

TONES: Final[Mapping[Tone, tuple[tuple[str, str], tuple[str, str]]]] = {
    Tone.CREATED: (("#1a7f37", "#effaf1"), ("#3fb950", "#12261a")),
    Tone.CHANGED: (("#9a6700", "#fff9e6"), ("#d29922", "#2a2312")),
    Tone.RECREATED: (("#8250df", "#f6f1ff"), ("#a371f7", "#221a33")),
    Tone.DELETED: (("#cf222e", "#fff1f0"), ("#f85149", "#2d1618")),
    Tone.HEALTHY: (("#1a7f37", "#f3fbf4"), ("#3fb950", "#14221a")),
    Tone.PROGRESSING: (("#0969da", "#eff6ff"), ("#4493f8", "#122033")),
    Tone.FAILED: (("#cf222e", "#fff1f0"), ("#f85149", "#2d1618")),
    Tone.WARNED: (("#9a6700", "#fff9e6"), ("#d29922", "#2a2312")),
    Tone.ACCEPTED: (("#1a7f37", "#f3fbf4"), ("#3fb950", "#14221a")),
    Tone.REFUSED: (("#cf222e", "#fff1f0"), ("#f85149", "#2d1618")),
    Tone.MISSING: (("#bc4c00", "#fff6ef"), ("#f0883e", "#2b1d12")),
}
"""Line and surface, light and dark. The sign in the corner says the same without colour."""

_RELATIONS: Final[Mapping[Relation, tuple[str, str]]] = {
    Relation.OWNER: ("#57606a", "#8b949e"),
    Relation.SELECTOR: ("#0a69c9", "#58a6ff"),
    Relation.REFERENCE: ("#8a94a3", "#6b7685"),
    Relation.DEPENDS_ON: ("#8250df", "#a371f7"),
    Relation.SOURCE: ("#0f766e", "#2dd4bf"),
    Relation.EVIDENCE: ("#57606a", "#8b949e"),
}


def stylesheet() -> str:
    """All rules; the same text every time."""
    root = "svg.gitless-graph"
    light, dark = _colours(root, 0), _colours(root, 1)
    chosen = _colours(f"[data-theme=dark] {root}", 1) + _colours(f"[data-theme=light] {root}", 0)
    return _SHAPES.format(s=root) + light + f"@media (prefers-color-scheme:dark){{{dark}}}" + chosen


def _colours(scope: str, theme: int) -> str:
    of = (_LIGHT, _DARK)[theme]
    rules = {
        ".canvas": f"fill:{of['canvas']}",
        ".frame": f"fill:{of['frame']};stroke:{of['frame-line']}",
        ".body": f"fill:{of['card']};stroke:{of['card-line']}",
        ".title": f"fill:{of['ink']}",
        ".name": f"fill:{of['ink']}",
        ".heading": f"fill:{of['soft']}",
        ".kind": f"fill:{of['soft']}",
        ".aside": f"fill:{of['soft']}",
        ".subtitle": f"fill:{of['soft']}",
        ".legend text": f"fill:{of['soft']}",
        ".chip": f"fill:{of['chip']}",
        ".count": f"fill:{of['ink']}",
        ".icon": f"stroke:{of['chip-line']}",
    }
    for relation, colours in _RELATIONS.items():
        rules[f".edge.{relation.value}"] = f"stroke:{colours[theme]}"
        rules[f".tip.{relation.value}"] = f"fill:{colours[theme]}"
    for tone, themes in TONES.items():
        line, surface = themes[theme]
        rules[f".{tone.value} .body"] = f"fill:{surface};stroke:{line}"
        rules[f".{tone.value} .dot"] = f"fill:{line}"
        rules[f".{tone.value} .icon"] = f"stroke:{line}"
        rules[f".{tone.value} .chip"] = f"fill:{line};fill-opacity:.14"
    return "".join(f"{scope} {selector}{{{rule}}}" for selector, rule in rules.items())
