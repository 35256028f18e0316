"""`make shots`: a picture of every page and state, in build/shots/, with an index.html of all.

Each on a phone, a desk and a wall, light and dark, in both languages. `make shots ONLY=list` takes
those alone whose names begin so; `ONLY=list,panel-job` several.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, chromium
from tests.browser.states import STATES, State
from tests.browser.world import World, visitor, world
from tests.dashboards import ROOT

FOLDER = ROOT / "build" / "shots"
IMAGES = 250
SCREENS = {360: 740, 1280: 800, 2560: 1440}
LANGUAGES = ("en", "zh")
THEMES = ("light", "dark")


def main(only: str) -> None:
    wanted = tuple(name for name in only.split(",") if name)
    states = [state for state in STATES if not wanted or state.name.startswith(wanted)]
    if not states:
        sys.exit(f"No state begins with {only!r}. There is: {', '.join(s.name for s in STATES)}")
    if not wanted:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as var,
        world(IMAGES, Path(var)) as made,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        pages = {each: visitor(made, browser, each).new_page() for each in LANGUAGES}
        for state in states:
            print(state.name, flush=True)
            for language, page in pages.items():
                _take(state, page, made, language)
        browser.close()
    (FOLDER / "index.html").write_text(_index(path.stem for path in FOLDER.glob("*.png")))
    print(f"{FOLDER}/index.html")


def _take(state: State, page: Page, made: World, language: str) -> None:
    for width, height in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        state.reach(page, made)
        for theme in THEMES:
            page.emulate_media(color_scheme="light" if theme == "light" else "dark")
            path = FOLDER / f"{state.name}.{width}.{theme}.{language}.png"
            page.screenshot(path=path, full_page=True, animations="disabled")


def _index(names: Iterable[str]) -> str:
    """A contact sheet: a line of small pictures for each state, each leading to the whole one."""
    lines: dict[str, list[str]] = {}
    for name in sorted(
        names, key=lambda name: [int(s) if s.isdigit() else s for s in name.split(".")]
    ):
        lines.setdefault(name.split(".")[0], []).append(name)
    pictures = "".join(
        f"<h2>{escape(state)}</h2><p>"
        + "".join(
            f'<a href="{name}.png" title="{name}"><img src="{name}.png" loading="lazy"></a> '
            for name in each
        )
        + "</p>"
        for state, each in lines.items()
    )
    style = "body{font:14px sans-serif}p{white-space:nowrap;overflow-x:auto}img{height:220px}"
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style>{pictures}'


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
