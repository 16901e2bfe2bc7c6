"""A step in a notebook: what was told, above the picture; light or dark as the page is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from attune_sim.api.stepping.picture import svg_of
from attune_sim.api.stepping.text import text_of
from attune_sim.api.stepping.words import TOO_MUCH, forks_line, moment
from attune_sim.stepping.step import Moment, Told

_STYLE: Final = """
.attune-step {
  --ink: var(--jp-ui-font-color1, #1f2328); --muted: var(--jp-ui-font-color2, #59636e);
  --ground: var(--jp-layout-color0, var(--jp-layout-color1, #ffffff)); --line: var(--jp-border-color2, #d0d7de);
  --own: var(--jp-warn-color1, #e8760a); --shared: var(--jp-brand-color1, #1976d2);
  background: var(--ground); color: var(--ink); max-width: 960px; padding: 8px;
  font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif);
}
body.vscode-dark .attune-step, html[data-theme="dark"] .attune-step, [data-md-color-scheme="slate"] .attune-step {
  --ink: var(--jp-ui-font-color1, #e6e8eb); --muted: var(--jp-ui-font-color2, #9aa4ae);
  --ground: var(--jp-layout-color0, var(--jp-layout-color1, #16191d)); --line: var(--jp-border-color2, #3a4149);
  --own: var(--jp-warn-color1, #ff9f43); --shared: var(--jp-brand-color1, #64b5f6);
}
.attune-step > .drawn { display: block !important; }
.attune-step > .written { display: none; }
.attune-step .head { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; margin-bottom: 4px; }
.attune-step .head b { font-size: 15px; color: var(--ink); }
.attune-step .muted { color: var(--muted); }
.attune-step .told { display: grid; grid-template-columns: 82px 1fr; margin: 3px 0; align-items: baseline; }
.attune-step .told > .label { color: var(--muted); }
.attune-step .told > .ones { display: flex; flex-wrap: wrap; gap: 4px 6px; }
.attune-step .one { border: 1px solid var(--line); border-radius: 4px; padding: 0 6px; overflow-wrap: anywhere; }
.attune-step .one .kind { font-weight: 600; }
.attune-step svg { display: block; width: 100%; height: auto; margin-top: 6px; font-family: inherit; }
.attune-step svg text { fill: var(--ink); }
.attune-step svg .quiet { fill: var(--muted); }
.attune-step svg .frame { fill: none; stroke: var(--line); }
.attune-step svg .own { fill: var(--own); stroke: var(--own); }
.attune-step svg .shared { fill: none; stroke: var(--shared); }
.attune-step svg .solid { fill: var(--shared); stroke: none; }
.attune-step svg .held { fill: var(--shared); font-weight: 600; }
"""


def html_of(step: Moment) -> str:
    """The step as HTML whose style reaches nothing else on the page.

    A notebook that is not trusted keeps neither drawing nor style of a page: there the text is shown, and the picture stays hidden.
    """
    ended = f"<span>the run has <b>{escape(step.status)}</b></span>" if step.status else ""
    head = (
        f'<div class="head"><b>step {step.number}</b><span>at {escape(moment(step))}</span>'
        f'<span class="muted">{escape(step.workload)} under <b>{escape(step.strategy)}</b>, {escape(step.dispatch)}</span>{ended}</div>'
    )
    told = _told("event", [step.event]) + _told("commands", step.commands)
    cut = "" if step.is_whole else f'<div class="muted">{TOO_MUCH}</div>'
    drawn = svg_of(step) if step.is_looked_into else f'<div class="muted">{escape(forks_line(step))}</div>'
    picture = f'<div class="drawn" hidden style="display: none">{head}{told}{drawn}{cut}</div>'
    text = f'<pre class="written">{escape(text_of(step))}</pre>'
    return f'<div class="attune-step"><style>{_STYLE}</style>{picture}{text}</div>'


def _told(label: str, told: Iterable[Told]) -> str:
    ones = "".join(
        f'<span class="one"><span class="kind">{escape(one.kind)}</span> {escape(f"{one.place} {one.text}".strip())}</span>'
        for one in told
    )
    none = '<span class="muted">none</span>'
    return f'<div class="told"><span class="label">{label}</span><div class="ones">{ones or none}</div></div>'
