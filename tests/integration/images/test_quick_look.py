"""/images/<region>/<cimgUuid>/look/: a quick look beside the row."""

from __future__ import annotations

from django.test import Client

from images.sandbox import Fault, Sandbox
from tests.integration.images.pages import FRAGMENT, Page

LIST = "/images/"


def look_of(cloud: Sandbox, place: int = 0) -> str:
    return f"{LIST}bj/{cloud.images('bj')[place]['cimgUuid']}/look/"


def test_it_says_whether_it_can_be_used_and_what_it_is(viewer: Client, cloud: Sandbox) -> None:
    image = cloud.images("bj")[0]
    page = Page(viewer.get(look_of(cloud), headers=FRAGMENT))

    assert page.status == 200
    assert not page.is_whole
    assert image["name"] in page.text
    assert "it is ready in Beijing bj" in page.one(data_verdict="yes").text
    assert "CentOS 7" in page.text
    assert not page.links


def test_a_whole_page_is_that_of_the_image(viewer: Client, cloud: Sandbox) -> None:
    response = viewer.get(f"{look_of(cloud)}?os=CentOS")

    assert response["Location"] == f"{look_of(cloud).removesuffix('look/')}?os=CentOS"


def test_an_image_that_is_gone_is_said_to_be(viewer: Client, cloud: Sandbox) -> None:
    page = Page(viewer.get(f"{LIST}bj/nothing/look/", headers=FRAGMENT))
    assert page.status == 404
    assert "This image does not exist" in page.text


def test_a_region_that_failed_may_have_it(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html", endpoint="cimg/list", region="bj"))
    page = Page(viewer.get(look_of(cloud), headers=FRAGMENT))

    assert page.status == 502
    assert page.failures == ["unreadable"]


def test_hostile_words_are_only_words(viewer: Client, cloud: Sandbox) -> None:
    cloud.add_image("bj", cimgUuid="hostile", name="<img src=x>", description="<script>x</script>")
    page = Page(viewer.get(f"{LIST}bj/hostile/look/", headers=FRAGMENT))

    assert not page.all("img")
    assert not page.all("script")
    assert "<img src=x>" in page.text
