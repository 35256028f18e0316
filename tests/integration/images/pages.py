"""Reading the pages of the inventory as a person or a script does: rows, counts, links, words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any

from django.test import Client

VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta"))

FRAGMENT = {"HX-Request": "true"}
RESTORE = {"HX-Request": "true", "HX-History-Restore-Request": "true"}


@dataclass
class Node:
    """An element, which stands on its page from the place `start` to before the place `end`."""

    tag: str
    attributes: dict[str, str]
    page: list[Node] = field(repr=False, compare=False)
    parts: list[Node | str] = field(default_factory=list)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def __iter__(self) -> Iterator[Node]:
        """Itself and everything in it, as it stands on the page."""
        return iter(self.page[self.start : self.end])

    @property
    def text(self) -> str:
        """Its words, each blank written once."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            if isinstance(part, str):
                yield part
            else:
                yield from part._texts()
                yield " " if part.tag in BLOCKS else ""

    def all(self, tag: str = "", **attributes: str | bool) -> list[Node]:
        """Those of this tag and with these attributes; True is any value, "_" stands for "-"."""
        wanted = [(name.strip("_").replace("_", "-"), each) for name, each in attributes.items()]
        return [node for node in self if tag in ("", node.tag) and node._fits(wanted)]

    def one(self, tag: str = "", **attributes: str | bool) -> Node:
        [found] = self.all(tag, **attributes)
        return found

    def _fits(self, wanted: list[tuple[str, str | bool]]) -> bool:
        return all(
            name in self.attributes and value in (True, self.attributes[name])
            for name, value in wanted
        )


BLOCKS = frozenset(("td", "th", "tr", "li", "p", "dt", "dd", "h1", "h2", "h3", "div", "br", "time"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page: list[Node] = []
        self.open: list[Node] = []
        self._begin("", [])

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.page)
        node.start = len(self.page)
        self.page.append(node)
        self.open.append(node)

    def _end(self) -> Node:
        node = self.open.pop()
        node.end = len(self.page)
        return node

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = self.open[-1]
        self._begin(tag, attrs)
        inside.parts.append(self.open[-1])
        if tag in VOID:
            self._end()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._end()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self._end()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


class Page(Node):
    """One answer, whole or a fragment; reading it fails when an element is not closed."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.html: str = response.content.decode()
        reader = _Reader()
        reader.feed(self.html)
        reader.close()
        assert len(reader.open) == 1, "something is not closed"
        root = reader._end()
        super().__init__("", {}, root.page, root.parts, root.start, root.end)

    @property
    def is_whole(self) -> bool:
        return self.html.startswith("<!doctype html>") and bool(self.all("html"))

    @cached_property
    def total(self) -> int | None:
        """Rows after filtering; None when the page has no list."""
        found = self.all(data_total=True)
        return int(found[0].attributes["data-total"]) if found else None

    @cached_property
    def rows(self) -> list[Node]:
        return self.all("tr", data_image=True)

    @property
    def uuids(self) -> list[str]:
        return [row.attributes["data-image"] for row in self.rows]

    def cells(self, column: str) -> list[str]:
        """The words of one column, row by row."""
        return [next(cell.text for cell in row if column_of(cell) == column) for row in self.rows]

    @property
    def regions(self) -> dict[str, str]:
        """Region id -> its state."""
        return {
            node.attributes["data-region"]: node.attributes["data-region-state"]
            for node in self.all(data_region_state=True)
        }

    @property
    def failures(self) -> list[str]:
        """The kinds of trouble that the page speaks of."""
        return [node.attributes["data-failure"] for node in self.all(data_failure=True)]

    @property
    def chips(self) -> dict[str, str]:
        """What narrows the list -> the link that takes it away."""
        found = self.all("a", _class="chip")
        return {
            chip.text.removesuffix(
                chip.one(_class="visually-hidden").text
            ).strip(): chip.attributes["href"]
            for chip in found
        }

    @property
    def notices(self) -> list[str]:
        return [node.text for node in self if "notice" in node.attributes.get("class", "").split()]

    @property
    def facts(self) -> dict[str, str]:
        """What the panel says: term -> words."""
        panel = self.one("article")
        terms, words = panel.all("dt"), panel.all("dd")
        return {term.text: each.text for term, each in zip(terms, words, strict=True)}

    @property
    def links(self) -> list[str]:
        return [node.attributes["href"] for node in self.all("a", href=True)]

    def choices(self, title: str) -> dict[str, tuple[int, str]]:
        """The values of one facet -> how many images have it, and the link that chooses it."""
        for facet in self.all("details", _class="facet"):
            if re.sub(r" \d+$", "", facet.all("summary")[0].text) == title:
                return {
                    choice.one(_class="choice-label").text: (
                        int(choice.one(_class="count").text.replace(",", "")),
                        choice.attributes["href"],
                    )
                    for choice in facet.all("a", _class="choice")
                }
        return {}


def both(browser: Client, address: str, status: int = 200) -> tuple[Page, Page]:
    """What is at an address, as a page and as htmx asks for it."""
    page, fragment = Page(browser.get(address)), Page(browser.get(address, headers=FRAGMENT))
    assert (page.status, fragment.status) == (status, status)
    assert page.is_whole
    for outside in ("html", "head", "body", "main", "script"):
        assert not fragment.all(outside)
    assert all("HX-Request" in each.response["Vary"] for each in (page, fragment))
    return page, fragment


def column_of(cell: Node) -> str:
    """The column of a cell; "" for those of the box that selects a row and of its actions."""
    names = cell.attributes.get("class", "").split()
    columns = (name.removeprefix("c-") for name in names if name.startswith("c-"))
    return next((name for name in columns if name not in ("pick", "do")), "")
