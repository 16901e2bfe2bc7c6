"""A JupyterLab of its own and a browser that drives it as a person would: `lab.open(notebook)`, click, read what is shown.

One server serves all tests below this folder, one browser those of a file. They are skipped where JupyterLab, Playwright or Chromium is missing.
`ATTUNE_SIM_PICTURES=DIR` keeps the screenshots that tests take, for eyes.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import pytest

ROOT: Final = Path(__file__).parents[2]

WIDTH, HEIGHT, FRAME = 1280, 1000, 200
"""Pixels of the window, and how many of its height are JupyterLab's own."""

Theme: TypeAlias = Literal["light", "dark"]
THEMES: Final[dict[Theme, str]] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    # A cell out of sight would have no outputs in the page, and could not be read.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
OPTIONS: Final = (
    "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.open_browser=False",
    "--ServerApp.terminals_enabled=False", "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly",
)  # fmt: skip

_IS_STILL = """() => {
    const shown = window.jupyterapp.shell.currentWidget;
    const prompts = [...shown.node.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.textContent);
    return shown.sessionContext.session?.kernel?.status === 'idle'
        && prompts.some(one => /\\d/.test(one)) && !prompts.some(one => one.includes('*'));
}"""


@dataclass(frozen=True)
class Output:
    """One output of a cell, as it is shown."""

    kind: str
    """Its MIME type: `text/plain`, `text/html`, `image/png`, `application/vnd.jupyter.stdout`, ...`.stderr`, ...`.error`."""
    text: str
    shown: Any
    """The place of it in the page: a locator of Playwright."""


class Notebook:
    """A notebook that is open; cells are counted from 0 among its code cells."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def cell(self, number: int) -> Any:
        """The place of a code cell: a locator of Playwright."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    @property
    def cells(self) -> int:
        return int(self.page.locator(".jp-Notebook .jp-CodeCell").count())

    def outputs(self, number: int) -> list[Output]:
        """What a code cell shows now."""
        places = self.cell(number).locator(".jp-OutputArea-output").all()
        return [
            Output(place.get_attribute("data-mime-type") or "", place.text_content() or "", place)
            for place in places
        ]

    def text(self, number: int) -> str:
        """All text that a code cell shows."""
        return "\n".join(output.text for output in self.outputs(number))

    def tables(self, number: int) -> list[list[list[str]]]:
        """The tables that a code cell shows: rows of texts."""
        read = "tables => tables.map(one => [...one.rows].map(row => [...row.cells].map(cell => cell.innerText)))"
        found: list[list[list[str]]] = self.cell(number).locator("table").evaluate_all(read)
        return found

    def pictures(self, number: int) -> list[tuple[int, int]]:
        """Width and height of the pictures that a code cell shows, in pixels of their own."""
        read = "images => images.map(one => [one.naturalWidth, one.naturalHeight])"
        return [tuple(size) for size in self.cell(number).locator("img").evaluate_all(read)]

    def wrong(self) -> list[str]:
        """Everything that is shown of errors and of the error stream."""
        places = self.page.locator(
            "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
        )
        return [text.strip() for text in places.all_text_contents()]

    def restart_and_run_all(self, seconds: float = 120) -> None:
        """The button of the toolbar, its question answered, and every cell to its end or to an error."""
        self.do("notebook:clear-all-cell-outputs")
        self._button("notebook:restart-run-all").click()
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.wait(seconds)

    def run(self, number: int) -> None:
        """Begin to run one cell, and come back as soon as it has begun."""
        cell = self.cell(number)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.text_content()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        begun = "([prompt, before]) => prompt.textContent !== before"
        self.page.wait_for_function(begun, arg=[prompt.element_handle(), before])

    def wait(self, seconds: float = 60) -> None:
        """Until no cell runs or waits, and the kernel is idle."""
        self.page.wait_for_function(_IS_STILL, timeout=seconds * 1000)

    def interrupt(self) -> None:
        """The stop button of the toolbar."""
        self._button("notebook:interrupt-kernel").click()

    def do(self, command: str, **arguments: Any) -> None:
        """A command of JupyterLab, by its identifier."""
        call = "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null)"
        self.page.evaluate(call, [command, arguments])

    def look(self, theme: Theme) -> None:
        """Change the theme, and wait until it is there."""
        self.do("apputils:change-theme", theme=THEMES[theme])
        light = "true" if theme == "light" else "false"
        self.page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshots(self, name: str, number: int, folder: Path) -> dict[Theme, bytes]:
        """A code cell with its outputs in both themes, also kept as `name-light.png` and `name-dark.png` in a folder."""
        kept = Path(os.environ.get("ATTUNE_SIM_PICTURES") or folder)
        kept.mkdir(parents=True, exist_ok=True)
        taken: dict[Theme, bytes] = {}
        # What does not fit the window would be covered by the bars of JupyterLab.
        height = int(self.cell(number).bounding_box()["height"]) + FRAME
        self.page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, height)})
        for theme in THEMES:
            self.look(theme)
            taken[theme] = self.cell(number).screenshot(path=kept / f"{name}-{theme}.png")
        return taken

    def _button(self, command: str) -> Any:
        return self.page.locator(f".jp-NotebookPanel-toolbar [data-command='{command}']").first


class Lab:
    """A running JupyterLab, and a browser."""

    def __init__(self, browser: Any, address: str, token: str, folder: Path) -> None:
        self._browser, self._address, self._token = browser, address, token
        self.folder = folder
        """What the server shows: notebooks are opened here."""
        self._contexts: list[Any] = []

    def write(self, name: str, *cells: str) -> Path:
        """A new notebook of code cells."""
        import nbformat

        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path = self.folder / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    def open(
        self, notebook: Path, parameters: Mapping[str, object] | None = None, seconds: float = 60
    ) -> Notebook:
        """Open a copy of a notebook, its tagged parameters set to these, and wait for its kernel."""
        copy = self.folder / notebook.name
        copy.write_text(json.dumps(_with(parameters or {}, json.loads(notebook.read_text(encoding="utf-8")))))
        context = self._browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce"
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(seconds * 1000)
        page.goto(f"{self._address}lab/tree/{copy.name}?reset&token={self._token}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        return Notebook(page)

    def close(self) -> None:
        """Shut down every kernel, and close every page."""
        for context in self._contexts:
            with suppress(Exception):  # a page that broke down must not keep the others open
                call = "() => window.jupyterapp.serviceManager.sessions.shutdownAll().then(() => null)"
                context.pages[0].evaluate(call)
            context.close()
        self._contexts.clear()


def _with(parameters: Mapping[str, object], notebook: dict[str, Any]) -> dict[str, Any]:
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", ()):
            own = "".join(cell["source"])
            cell["source"] = "\n".join((own, *(f"{name} = {value!r}" for name, value in parameters.items())))
    return notebook


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Address, token and folder of a JupyterLab that knows nothing of the one that runs these tests."""
    pytest.importorskip(
        "jupyterlab", reason="JupyterLab is not installed: pip install 'attune-sim[notebook]'"
    )
    home, token = tmp_path_factory.mktemp("lab"), secrets.token_hex(16)
    for name, settings in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))
    (home / "notebooks").mkdir()
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.root_dir={home / 'notebooks'}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=home, env=_surroundings(home, token), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield _address(process, home), token, home / "notebooks"
    finally:
        process.terminate()  # it ends its kernels first
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()  # kernels end themselves when their server is gone
            process.wait()


def _surroundings(home: Path, token: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST"))}
    places = ("config", "data", "runtime", "ipython", "settings", "workspaces")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(home / place) for name, place in zip(names, places, strict=True)}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**known, **own, "JUPYTER_TOKEN": token, "PYTHONPATH": path}


def _address(process: subprocess.Popen[bytes], home: Path, seconds: float = 60) -> str:
    """Where it listens, as it says itself as soon as it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        for file in (home / "runtime").glob("jpserver-*.json"):
            with suppress(ValueError):  # half written
                return str(json.loads(file.read_text())["url"])
        time.sleep(0.05)
    pytest.fail(f"JupyterLab did not start: {_end_of((home / 'log').read_text())}")


def _end_of(log: str, lines: int = 20) -> str:
    return "\n".join(re.sub(r"token=\w+", "token=...", line) for line in log.splitlines()[-lines:])


@pytest.fixture
def lab(_server: tuple[str, str, Path], chromium: Any) -> Iterator[Lab]:
    """`lab.open(notebook)` in a JupyterLab that has no other kernel."""
    opened = Lab(chromium, *_server)
    yield opened
    opened.close()
