"""/overview/: the shape of the inventory, and where each bar leads."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from images.sandbox import Sandbox, Weather

URL = "/overview/"
CARDS = ("region", "status", "os", "version", "platform", "arch", "size", "age")


def bars(page: str, card: str) -> list[tuple[str, str, int]]:
    """Label, address and count of each bar of one card."""
    body = page.partition(f'id="{card}-title"')[2].partition("</section>")[0]
    rows = re.findall(
        r'<a href="([^"]+)"><bdi>([^<]*)</bdi>.*?<td class="numeric">(\d+)</td>', body, re.DOTALL
    )
    return [(html.unescape(label), html.unescape(href), int(count)) for href, label, count in rows]


def total(client: Client, address: str) -> int:
    found = re.search(r'data-total="(\d+)"', client.get(address).content.decode())
    assert found
    return int(found[1])


def test_it_works(viewer: Client, cloud: Sandbox) -> None:
    page = viewer.get(URL)

    assertContains(page, "36 images")
    assertContains(page, "Needs attention")
    assertContains(page, 'data-region-state="fresh"')
    calls = len(cloud.calls)
    viewer.get(URL)
    assert len(cloud.calls) == calls


@pytest.mark.parametrize("card", CARDS)
def test_every_bar_leads_to_just_its_images(viewer: Client, card: str) -> None:
    found = bars(viewer.get(URL).content.decode(), card)

    assert found
    for label, address, count in found:
        assert total(viewer, address) == count, label


def test_every_image_is_in_one_bar(viewer: Client) -> None:
    page = viewer.get(URL).content.decode()

    for card in ("region", "status", "age", "size"):
        assert sum(count for _label, _address, count in bars(page, card)) == 36, card


def test_a_query_narrows_it_and_stays_in_the_links(viewer: Client) -> None:
    page = viewer.get(f"{URL}?region=bj").content.decode()

    assert sum(count for _label, _address, count in bars(page, "status")) == 12
    for _label, address, _count in bars(page, "status"):
        assert "region=bj" in address


def test_names_that_repeat_are_told(viewer: Client, cloud: Sandbox) -> None:
    for _ in range(2):
        cloud.add_image("bj", name="<twice>")
    cloud.add_image("gz", name="once here")
    page = viewer.get(URL)

    assertContains(page, "&lt;twice&gt;")
    assertContains(page, "name=%3Ctwice%3E")
    assertNotContains(page, "name=once")


def test_a_cloud_that_is_away_is_explained(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Weather("html"))

    assertContains(viewer.get(URL), "could not be read")


def test_nothing_is_no_error(viewer: Client) -> None:
    assertContains(viewer.get(f"{URL}?q=nothing-like-this"), "0 images")


def test_all_is_well_is_said_only_of_what_was_read(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Weather("errno", errno=41026, region="gz"))

    assertContains(viewer.get(f"{URL}?q=nothing-like-this"), "Of what could be read, nothing needs")
