"""Numbered pages: the first, the last, and those around the current one."""

from __future__ import annotations

from dataclasses import dataclass

from images.forms import SIZES
from images.query import Result
from images.views.opening import Opened

AROUND = 2


@dataclass(frozen=True)
class PageLink:
    """`number` 0 stands for the pages left out between two others."""

    number: int
    href: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pager:
    pages: list[PageLink]
    previous: str
    following: str
    sizes: list[PageLink]


def pager(opened: Opened, result: Result) -> Pager:
    def link(page: int) -> str:
        return opened.link(page=page)

    return Pager(
        pages=[
            PageLink(number, link(number) if number else "", number == result.page)
            for number in numbers(result.page, result.pages)
        ],
        previous=link(result.page - 1) if result.page > 1 else "",
        following=link(result.page + 1) if result.page < result.pages else "",
        sizes=[
            PageLink(size, opened.link(size=size, page=1), size == opened.query.size)
            for size in SIZES
        ],
    )


def numbers(page: int, pages: int) -> list[int]:
    """1 0 4 5 [6] 7 8 0 20: the pages to name, 0 where some are left out."""
    near = {1, pages, *range(max(1, page - AROUND), min(pages, page + AROUND) + 1)}
    named: list[int] = []
    for number in sorted(near):
        if named and number - named[-1] == 2:
            named.append(number - 1)
        elif named and number - named[-1] > 2:
            named.append(0)
        named.append(number)
    return named
