"""/images/export.json: every image that the query selects, as the cloud sent it, for scripts."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.search.spelling import natural
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.pages import FRAGMENT, both
from tests.judged import judged

pytestmark = pytest.mark.backend

URL = "/images/export.json"
REGIONS = ("gz", "bj", "sh")
# What scripts rely on; more may come.
TOP = {"as_of", "query", "total", "accounts", "regions", "images"}
REGION = {"account", "id", "name", "state", "fetched_at", "age_seconds", "count", "error"}


def exported(
    browser: Client, query: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> tuple[dict[str, Any], Any]:
    """The document, and the answer it came in."""
    response: Any = browser.get(URL + query, headers=headers or {})
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    document: dict[str, Any] = json.loads(response.getvalue())
    return document, response


def truth(cloud: Sandbox) -> list[dict[str, Any]]:
    """All images of the account of the person's one token, as they are exported."""
    token = Token.objects.get()
    return [judged(image, region, token.pk) for region in REGIONS for image in cloud.images(region)]


def newest_first(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(
        images,
        key=lambda image: (
            -image["createTime"],
            image["name"].casefold(),
            image["region"],
            image["cimgUuid"],
        ),
    )


def states(document: dict[str, Any]) -> dict[str, str]:
    return {region["id"]: region["state"] for region in document["regions"]}


def test_every_image_is_exported_as_the_cloud_has_it(
    large: Client, large_cloud: Sandbox, clock: Clock
) -> None:
    document, response = exported(large)

    assert document.keys() >= TOP
    assert document["total"] == 750
    assert document["query"] == ""
    assert document["as_of"] == "2023-11-14T22:13:20+00:00"
    assert document["images"] == newest_first(truth(large_cloud))
    account = str(Token.objects.get().pk)
    assert document["accounts"] == [
        {"id": account, "label": "Main", "state": "fresh", "count": 750, "error": None}
    ]
    for region, name in zip(document["regions"], ("广州", "北京", "上海"), strict=True):
        assert region.keys() >= REGION
        assert region["account"] == account
        assert region["name"] == name
        assert (region["state"], region["age_seconds"], region["count"]) == ("fresh", 0, 250)
        assert region["fetched_at"] == document["as_of"]
        assert region["error"] is None
    assert re.fullmatch(
        r'attachment; filename="images-\d{8}-\d{6}\.json"', response["Content-Disposition"]
    )


def test_it_has_the_images_of_the_query_in_its_order_and_of_all_its_pages(
    large: Client, large_cloud: Sandbox
) -> None:
    document, _ = exported(large, "?sort=name&os=CentOS&size=25&page=3&colour=red")
    centos = [image for image in truth(large_cloud) if image["osFamily"] == "CentOS"]

    names = [natural(image["name"]) for image in document["images"] if image["name"]]
    assert names == sorted(names)
    assert document["total"] == len(document["images"]) == len(centos)
    assert newest_first(document["images"]) == newest_first(centos)
    assert document["query"] == "os=CentOS&sort=name&page=3&size=25"


@pytest.mark.parametrize(
    "invalid",
    [
        *(
            "region=../..",
            "shared=maybe",
            "storage=fine",
            "min_size=big",
            "created_after=yesterday",
        ),
        *("sort=colour", "page=0", "page=last", "size=7", "columns=colour", "colour=red"),
        *("q=%00", "os=", "%FF=%FE"),
    ],
)
def test_an_invalid_parameter_changes_nothing(viewer: Client, invalid: str) -> None:
    document, _ = exported(viewer, f"?{invalid}&os=CentOS")
    plain, _ = exported(viewer, "?os=CentOS")

    assert document["query"] == "os=CentOS"
    assert 0 < document["total"] < 36
    assert document["images"] == plain["images"]


def test_an_image_keeps_what_we_do_not_know_of_to_the_digit(viewer: Client, cloud: Sandbox) -> None:
    odd: dict[str, Any] = {
        "newField": {"deep": [1, None, "北京"]},
        "size": 2**62,
        "isShared": "maybe",
    }
    made = cloud.add_image("bj", name="odd one", **odd)
    document, _ = exported(viewer, "?q=odd%20one")

    assert document["images"] == [judged(made, "bj", Token.objects.get().pk)]


def test_no_image_is_an_empty_list(viewer: Client) -> None:
    document, _ = exported(viewer, "?q=nowhere-to-be-found")

    assert (document["total"], document["images"]) == (0, [])
    assert states(document) == dict.fromkeys(REGIONS, "fresh")


def test_htmx_gets_the_file_too(viewer: Client) -> None:
    document, response = exported(viewer, headers=FRAGMENT)

    assert document["total"] == 36
    assert "HX-Request" in response["Vary"]


def test_the_account_is_named_by_its_id_and_the_token_never_shown(
    viewer: Client, cloud: Sandbox
) -> None:
    token = Token.objects.get()
    for named in (f"token={token.pk}", f"account={token.pk}", "account=main"):
        document, response = exported(viewer, f"?{named}&q=web")

        assert document["query"] == f"account={token.pk}&q=web"
        assert {image["account"] for image in document["images"]} == {str(token.pk)}
        assert cloud.token not in json.dumps(document) + str(response.headers)


@pytest.mark.parametrize("named", ["account", "token", "-account"])
def test_an_account_that_is_none_is_not_found_and_not_repeated(viewer: Client, named: str) -> None:
    for page in both(viewer, f"{URL}?{named}=pasted-secret&os=CentOS", 404):
        assert "This address names an account that you may not read." in page.text
        assert "pasted-secret" not in page.html
        assert "Content-Disposition" not in page.response.headers


def test_images_of_several_accounts_are_in_one_file_each_with_its_account(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    main, other = Token.objects.get(), keep(person, cloud.other_token, "Other")
    everything, response = exported(viewer)
    of_each = {each: exported(viewer, f"?account={each.pk}")[0] for each in (main, other)}

    assert newest_first(everything["images"]) == newest_first(
        [image for document in of_each.values() for image in document["images"]]
    )
    assert Counter(image["account"] for image in everything["images"]) == {
        str(each.pk): document["total"] for each, document in of_each.items()
    }
    told = {each["id"]: (each["label"], each["count"]) for each in everything["accounts"]}
    assert told == {
        str(each.pk): (each.label, document["total"]) for each, document in of_each.items()
    }
    assert [(each["account"], each["id"]) for each in everything["regions"]] == [
        (account, region) for account in sorted(told) for region in REGIONS
    ]
    # Each region once, however many accounts have it.
    assert re.fullmatch(
        ", ".join(rf"{region};state=fresh;age=\d+" for region in REGIONS),
        response["X-Inventory-Regions"],
    )


def test_an_account_that_fails_leaves_the_others_whole_and_is_told_with_its_error(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    main, refused = Token.objects.get(), keep(person, "f" * 64, "Old")
    document, response = exported(viewer)

    assert newest_first(document["images"]) == newest_first(
        [judged(image, each, main.pk) for each in REGIONS for image in cloud.images(each)]
    )
    told = {each["id"]: each for each in document["accounts"]}
    assert (told[str(main.pk)]["state"], told[str(main.pk)]["error"]) == ("fresh", None)
    assert (told[str(refused.pk)]["state"], told[str(refused.pk)]["count"]) == ("failed", None)
    assert told[str(refused.pk)]["error"]["kind"] == "refused"
    assert states(document) == dict.fromkeys(REGIONS, "fresh")  # it told of none of its own
    assert response["Content-Disposition"].endswith('-incomplete.json"')


def test_a_region_that_is_missing_is_told_with_its_error(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    document, response = exported(viewer)

    assert states(document) == {"gz": "fresh", "bj": "failed", "sh": "fresh"}
    assert document["total"] == len(document["images"]) == 24
    [missing] = [region for region in document["regions"] if region["id"] == "bj"]
    assert (missing["count"], missing["fetched_at"], missing["age_seconds"]) == (None, None, None)
    assert (missing["error"]["errno"], missing["error"]["errmsg"]) == (41026, "查询镜像失败")
    assert re.fullmatch("[0-9a-f]{32}", missing["error"]["requestId"])
    there = [image for image in truth(cloud) if image["region"] != "bj"]
    assert document["images"] == newest_first(there)
    assert response["Content-Disposition"].endswith('-incomplete.json"')
    assert re.fullmatch(
        r"gz;state=fresh;age=\d+, bj;state=failed, sh;state=fresh;age=\d+",
        response["X-Inventory-Regions"],
    )


def test_the_last_good_list_is_exported_with_its_age_and_why_it_is_old(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    before, _ = exported(viewer)
    clock.now += 100
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    read_again(cloud.token)
    document, response = exported(viewer)

    assert document["images"] == before["images"]
    assert document["as_of"] == before["as_of"]
    assert states(document) == {"gz": "fresh", "bj": "stale", "sh": "fresh"}
    [old] = [region for region in document["regions"] if region["id"] == "bj"]
    assert (old["count"], old["age_seconds"], old["error"]["errno"]) == (12, 100, 41026)
    assert "incomplete" not in response["Content-Disposition"]


@pytest.mark.parametrize(
    ("endpoint", "seen"), [("region/list", {}), ("cimg/list", dict.fromkeys(REGIONS, "failed"))]
)
def test_when_nothing_can_be_read_it_is_an_error_that_a_script_can_read(
    viewer: Client, cloud: Sandbox, endpoint: str, seen: dict[str, str]
) -> None:
    cloud.misbehave(Fault("errno", errno=41026, endpoint=endpoint))
    document, response = exported(viewer, status=503)

    assert (document["total"], document["images"]) == (0, [])
    assert states(document) == seen
    assert document["as_of"] is None
    errors = [document["error"], *(region["error"] for region in document["regions"])]
    assert {error["errno"] for error in errors if error} == {41026}
    assert response["Content-Disposition"].endswith('-incomplete.json"')


def test_an_unknown_region_is_not_found(viewer: Client) -> None:
    for page in both(viewer, f"{URL}?region=mars", 404):
        assert "This region does not exist" in page.text
        assert "Content-Disposition" not in page.response.headers


@pytest.mark.parametrize(("images", "most"), [(60, 10), (250, None)])
@pytest.mark.parametrize("where", ["front", "random"])
def test_it_holds_every_image_once_while_images_are_inserted_between_pages(
    browser: Client,
    person: User,
    keep: Keep,
    settings: Settings,
    where: str,
    images: int,
    most: int | None,
) -> None:
    with Sandbox(images=images, max_limit=most, clock=lambda: 1_700_000_000.0) as moving:
        settings.DIDIYUN_API_URL = moving.url
        keep(person, moving.token)
        moving.misbehave(Fault("moving", where=where, times=5))
        document, _ = exported(browser)
        there = truth(moving)

    assert len(there) == 3 * images + 5
    found = Counter((image["region"], image["cimgUuid"]) for image in document["images"])
    assert found == Counter((image["region"], image["cimgUuid"]) for image in there)
    assert newest_first(document["images"]) == newest_first(there)
    assert sum(region["count"] for region in document["regions"]) == document["total"]
    assert states(document) == dict.fromkeys(REGIONS, "fresh")
    assert not any(region["changed_while_read"] for region in document["regions"])  # in the end


def test_images_that_never_stop_coming_are_said_to(viewer: Client, cloud: Sandbox) -> None:
    cloud.max_limit = 5
    before = {(image["region"], image["cimgUuid"]) for image in truth(cloud)}
    cloud.misbehave(Fault("moving", region="bj"))
    document, _ = exported(viewer)

    held = [(image["region"], image["cimgUuid"]) for image in document["images"]]
    assert before <= set(held)
    assert len(held) == len(set(held))
    moved = {region["id"]: region["changed_while_read"] for region in document["regions"]}
    assert moved == {"gz": False, "bj": True, "sh": False}
