"""A page with the SVG in it that can be moved, enlarged and searched; one file, no network."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from pipeline.model.graph.graph import Graph
from pipeline.pictures.escaping import markup
from pipeline.pictures.svg import SvgPicture
from pipeline.ports import Environment

_STYLE: Final = """
:root{color-scheme:light dark;--bar:#fff;--ink:#1b2028;--line:#c6ccd5;--back:#f6f7f9}
@media (prefers-color-scheme:dark){:root{--bar:#141920;--ink:#e8ebf0;--line:#3a4350;--back:#0e1116}}
html,body{margin:0;height:100%;background:var(--back);color:var(--ink);font:14px system-ui,sans-serif}
body{display:flex;flex-direction:column}
header{display:flex;gap:.6rem;align-items:center;flex-wrap:wrap;padding:.6rem 1rem;background:var(--bar);
border-bottom:1px solid var(--line)}
header h1{font-size:1rem;margin:0 auto 0 0}
input,button{font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:8px;
padding:.35rem .7rem}
input{width:16rem}
main{flex:1;overflow:hidden;touch-action:none;cursor:grab}
main:active{cursor:grabbing}
main svg{display:block;width:100%;height:100%}
main svg .canvas,main svg .title{display:none}
.searching .card,.searching .edge{opacity:.18}
.searching .card.found{opacity:1}
@media print{header{display:none}main{overflow:visible}}
"""

_SCRIPT: Final = """
"use strict";
const view = document.querySelector("main"), svg = view.querySelector("svg"), search = document.querySelector("input");
const whole = svg.getAttribute("viewBox").split(" ").map(Number);
let box = [...whole], held = null;
const show = () => svg.setAttribute("viewBox", box.join(" "));
const scale = () => Math.max(box[2] / view.clientWidth, box[3] / view.clientHeight);
const zoom = (factor, x, y) => {
  const size = Math.min(Math.max(box[2] * factor, 120), whole[2] * 4), by = size / box[2];
  box = [x - (x - box[0]) * by, y - (y - box[1]) * by, size, box[3] * by];
  show();
};
const middle = () => [box[0] + box[2] / 2, box[1] + box[3] / 2];
const at = event => {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [point.x, point.y];
};
const shift = (x, y) => { box[0] += x * scale(); box[1] += y * scale(); show(); };
view.addEventListener("wheel", event => {
  event.preventDefault(); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, ...at(event));
}, {passive: false});
view.addEventListener("pointerdown", event => { held = event; view.setPointerCapture(event.pointerId); });
view.addEventListener("pointerup", () => { held = null; });
view.addEventListener("pointermove", event => {
  if (held) { shift(held.clientX - event.clientX, held.clientY - event.clientY); held = event; }
});
const keys = {
  "+": () => zoom(1 / 1.25, ...middle()), "=": () => zoom(1 / 1.25, ...middle()), "-": () => zoom(1.25, ...middle()),
  "0": () => { box = [...whole]; show(); }, "/": () => search.focus(),
  ArrowLeft: () => shift(-60, 0), ArrowRight: () => shift(60, 0), ArrowUp: () => shift(0, -60),
  ArrowDown: () => shift(0, 60),
};
document.addEventListener("keydown", event => {
  if (event.target === search || event.ctrlKey || event.metaKey || !(event.key in keys)) return;
  event.preventDefault(); keys[event.key]();
});
document.querySelectorAll("button").forEach(button => button.addEventListener("click", () => keys[button.value]()));
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase(), cards = [...svg.querySelectorAll(".card")];
  const found = cards.filter(card => wanted && card.querySelector("title").textContent.toLowerCase().includes(wanted));
  cards.forEach(card => card.classList.toggle("found", found.includes(card)));
  view.classList.toggle("searching", wanted !== "");
  document.querySelector("output").textContent = wanted ? `${found.length} found` : "";
});
"""


class HtmlPicture:
    """The SVG's page; which ``dot`` lays it out, the environment says."""

    name = "html"

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def draw(self, graph: Graph) -> str:
        """The whole page; nothing but its own script may run in it.

        Raises:
            ConfigurationError: Graphviz is not installed.
            UsageError: the graph is too large to be looked at.
            ToolError: Graphviz failed.
        """
        title = markup(graph.title or "Objects and how they hang together")
        digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<output aria-live="polite"></output>
<input type="search" aria-label="Search objects" placeholder="Search (/)">
<button value="+" aria-label="Enlarge">+</button>
<button value="-" aria-label="Reduce">-</button>
<button value="0">Whole</button>
</header>
<main tabindex="0" aria-label="Picture; arrow keys move it, + and - change its size, 0 shows all of it">
{SvgPicture(self._environment).draw(graph)}</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""
