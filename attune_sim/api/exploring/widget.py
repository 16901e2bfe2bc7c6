"""The sliders, the picture and the buttons of an explorer, in ipywidgets. It holds nothing but the explorer that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from attune_sim.actions.payload import SHAPES
from attune_sim.api.exploring.drawing import page
from attune_sim.api.exploring.extra import require_widgets
from attune_sim.api.exploring.steps import limit_steps, nearest, round_steps
from attune_sim.api.showing.progress import line
from attune_sim.errors import AttuneError, Interrupted, counted
from attune_sim.experiment import Progress
from attune_sim.metrics import format_bytes, format_limit
from attune_sim.record import CellRecord

if TYPE_CHECKING:
    from attune_sim.api.exploring.explorer import Explorer

ALL = "all strategies"
EAGER = 0
"""In place of a window: all items at once. A slider cannot stand at None."""

_WINDOWS = (1, 10, 100, 1_000)
_WIDE = {"description_width": "90px"}


class View:
    """One explorer, shown. `box` is the widget."""

    def __init__(self, explorer: Explorer) -> None:
        require_widgets()
        self.explorer = explorer
        self.picture, self.status = _html(), _html()
        self._sliders()
        self._buttons()
        self.box = self._laid_out()
        self.draw()

    # -- sliders -----------------------------------------------------------------------------------------------------------

    def _sliders(self) -> None:
        setting, cells = self.explorer.setting, self.explorer.known.cells
        items = round_steps(10, 1_000_000, map(int, cells["items"].dropna()))
        contexts = round_steps(1_000, 100_000_000, map(int, cells["context_bytes"].dropna()))
        widths = cells["concurrency"].dropna()
        windows = sorted({*_WINDOWS, *(int(one) for one in widths)})
        shapes = [*dict.fromkeys((*self.explorer.known.payloads, *SHAPES))]
        self.items = _slider("items", items, nearest(items, setting.items), lambda one: f"{one:,}")
        self.context = _slider("context", contexts, nearest(contexts, setting.context_bytes), format_bytes)
        self.window = _slider("at once", [*windows, EAGER], setting.window or EAGER, _window)
        limits = limit_steps(setting.memory_bytes)
        self.memory = _slider("memory limit", limits, setting.memory_bytes, format_limit)
        self.payload = _choice("payload", shapes, setting.payload)
        for one in (self.items, self.context, self.window, self.memory, self.payload):
            one.observe(self._moved, names="value")

    def _moved(self, change: Any) -> None:
        self.explorer.at(
            items=self.items.value,
            context_bytes=self.context.value,
            payload=self.payload.value,
            window=self.window.value or None,
            memory=self.memory.value,
        )
        self.draw()

    def draw(self) -> None:
        """The picture of the present setting."""
        outlook = self.explorer.outlook
        self.picture.value = page(outlook, self.explorer.title)
        missing = set(outlook.missing)
        self.scout.layout.display = "" if missing and self.explorer.workload is not None else "none"

    # -- buttons -----------------------------------------------------------------------------------------------------------

    def _buttons(self) -> None:
        from ipywidgets import Button

        self.which = _choice("of", [ALL, *self.explorer.strategies], ALL, width="220px", name_width="30px")
        self.measure = Button(description="Measure this point", button_style="primary", tooltip=_MEASURES)
        self.scout = Button(description="Measure four sizes", tooltip=_SCOUTS)
        self.measure.on_click(lambda button: self._measured(self.explorer.measure))
        self.scout.on_click(lambda button: self._measured(self.explorer.scout))

    def _measured(self, measure: Callable[..., Iterable[CellRecord]]) -> None:
        """Measure, and say in words what came of it: nothing that goes wrong may be lost in a log that nobody reads."""
        wanted = () if self.which.value == ALL else (self.which.value,)
        self._busy(True)
        try:
            self._say(ended(list(measure(*wanted, told=self._told))))
        except Interrupted as halt:
            self._say(f"Stopped: {halt}. What was measured is shown.")
        except KeyboardInterrupt:
            self._say("Stopped.")
        except AttuneError as error:
            self._say(f"Not measured: {error}", wrong=True)
        except Exception as error:
            self._say(f"Not measured: {type(error).__name__}: {error}", wrong=True)
        finally:
            self._busy(False)
            self.draw()

    def _told(self, progress: Progress) -> None:
        self._say(f"Measuring {line(progress)} (the stop button of the notebook stops it)")

    def _busy(self, busy: bool) -> None:
        self.measure.disabled = self.scout.disabled = busy
        if busy:
            self._say("Measuring ...")

    def _say(self, text: str, wrong: bool = False) -> None:
        colour = "color: var(--jp-error-color1, #c62828)" if wrong else "opacity: .9"
        self.status.value = f'<div role="status" style="line-height: 1.4; {colour}">{escape(text)}</div>'

    # -- layout ------------------------------------------------------------------------------------------------------------

    def _laid_out(self) -> Any:
        from ipywidgets import HBox, Layout, VBox

        wrap = Layout(flex_flow="row wrap", align_items="center")
        sliders = HBox([self.items, self.context, self.window, self.memory, self.payload], layout=wrap)
        buttons = HBox([self.measure, self.which, self.scout], layout=wrap)
        return VBox([sliders, self.picture, buttons, self.status]).add_class("attune-explorer")


_MEASURES = (
    "Measure every chosen strategy at the shown point, each in a process of its own with this memory limit"
)
_SCOUTS = "Measure four sizes up to the shown one: laws need so many"


def ended(records: list[CellRecord]) -> str:
    """What new cells came to, in words."""
    if not records:
        return "This point was measured before: nothing new."
    well = [one.key.strategy for one in records if one.outcome == "ok"]
    others = [
        f"{one.key.strategy}: {one.outcome.replace('_', ' ')} after {counted(one.forks, 'fork')}"
        + (f" ({one.error})" if one.error else "")
        for one in records
        if one.outcome != "ok"
    ]
    measured = f"Measured {', '.join(dict.fromkeys(well))}: the marks are on the curves." if well else ""
    return " ".join(filter(None, (measured, *others)))


def _window(window: int) -> str:
    return "all" if window == EAGER else f"{window:,}"


def _slider(name: str, steps: list[Any], value: Any, shown: Callable[[Any], str]) -> Any:
    from ipywidgets import Layout, SelectionSlider

    options = [(shown(one), one) for one in steps]
    layout = Layout(width="405px", max_width="100%")
    return SelectionSlider(
        options=options, value=value, description=name, layout=layout, style=_WIDE, continuous_update=True
    )


def _choice(name: str, options: list[str], value: str, width: str = "300px", name_width: str = "90px") -> Any:
    from ipywidgets import Dropdown, Layout

    style = {"description_width": name_width}
    return Dropdown(options=options, value=value, description=name, layout=Layout(width=width), style=style)


def _html() -> Any:
    from ipywidgets import HTML

    return HTML()
