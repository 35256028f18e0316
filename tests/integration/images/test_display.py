"""The wall screen: /overview/display and /display/<key>/."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from dashboard import maintenance
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import Membership, Role, Team, User
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from tests.integration.conftest import Clock, read_again
from tests.integration.images.pages import Page
from tests.integration.masking import masked

pytestmark = pytest.mark.backend

BY = Actor("ann")
MORE: dict[str, Any] = {"query": "", "days": 7, "language": "en"}
STATES = r'data-region-state="(\w+)" data-region="(\w+)"'


@pytest.fixture
def token(person: User, cloud: Sandbox, keep: Callable[..., Token]) -> Token:
    """In a team of which the person is an admin."""
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, person, Role.ADMIN, by=BY)
    return keep(person, cloud.token, team=blue)


@pytest.fixture
def make(token: Token) -> Callable[..., str]:
    """The address of a new display link."""

    def make(query: str = "", language: str = "en") -> str:
        team = token.team
        assert team
        _, key = links.make(team, token, "Duty room", query=query, days=7, language=language, by=BY)
        return reverse("display", args=[key])

    return make


def total(page: Any) -> int:
    found = re.search(r'data-total="(\d+)"', page.content.decode())
    assert found
    return int(found[1])


def test_a_link_shows_the_teams_images_without_signing_in(
    anonymous: Client, make: Callable[..., str], cloud: Sandbox
) -> None:
    url = make()
    page = anonymous.get(url)

    regions = set(re.findall(r'data-region="(\w+)"', page.content.decode()))
    assert {"bj", "gz"} <= regions
    assert total(page) == sum(len(cloud.images(region)) for region in regions)
    for text in ("Duty room", "Blue", "Needs attention", 'data-region-state="fresh"', "noindex"):
        assertContains(page, text)
    assertContains(page, f'data-poll="10" hx-get="{url}" hx-trigger="every 10s"')
    token = Token.objects.get()
    assert token.last_used_by == "Duty room"
    assert Display.objects.get().last_seen_at


def test_a_screen_that_asks_again_within_a_minute_changes_nothing(
    anonymous: Client, make: Callable[..., str]
) -> None:
    url = make()
    anonymous.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert anonymous.get(url).status_code == 200

    assert [each["sql"] for each in asked if each["sql"].startswith("UPDATE")] == []


def test_nothing_on_it_leads_anywhere_and_nothing_is_left_behind(
    anonymous: Client, make: Callable[..., str]
) -> None:
    page = anonymous.get(make())

    links = re.findall(r"<(?:a|form|button)\b[^>]*", page.content.decode())
    assert links == ['<a class="skip" href="#main"']
    assert not anonymous.cookies
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "private, no-store"
    assert page["X-Robots-Tag"] == "noindex"


def test_the_key_opens_nothing_else(anonymous: Client, make: Callable[..., str]) -> None:
    url = make()
    anonymous.get(url)

    for path in ("/images/", "/overview/display", "/teams/blue/", "/images/export.json"):
        assert anonymous.get(path)["Location"].startswith("/accounts/login/")
    assert anonymous.post(url).status_code == 405


def test_the_link_alone_decides_what_is_shown(
    anonymous: Client, client: Client, stranger: User, make: Callable[..., str]
) -> None:
    url = make("region=bj", language="zh-hans")
    shown = total(anonymous.get(url))
    client.force_login(stranger)
    client.cookies["django_language"] = "en"

    assert 0 < shown < total(anonymous.get(make()))
    for who in (anonymous, client):
        page = who.get(f"{url}?region=gz&token=invalid&q=nothing")
        assert total(page) == shown
        assert page["Content-Language"] == "zh-hans"


def test_a_screen_does_not_keep_whoever_is_signed_in_beside_it(
    client: Client, stranger: User, make: Callable[..., str]
) -> None:
    client.force_login(stranger)
    before = dict(client.session)

    assert not client.get(make()).cookies
    assert dict(client.session) == before


@pytest.mark.parametrize("end", ["revoked", "expired", "unknown", "left", "team"])
def test_a_link_that_does_not_work_is_like_one_that_never_was(
    anonymous: Client, make: Callable[..., str], token: Token, end: str
) -> None:
    url = make()
    display = Display.objects.get()
    if end == "revoked":
        display.revoke(by=BY)
    elif end == "expired":
        Display.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "left":
        Token.objects.update(team=None)
    elif end == "team":
        teams.delete(Team.objects.get(), by=BY)
    else:
        url = f"/display/{'x' * 43}/"
    page, never = anonymous.get(url), anonymous.get("/display/never/")

    assert page.status_code == 404
    assertContains(page, "This display link does not work", status_code=404)
    assert masked(page) == masked(never)
    assert dict(page.headers).keys() == dict(never.headers).keys()


def test_a_screen_that_is_open_learns_that_its_link_was_revoked(
    anonymous: Client, make: Callable[..., str]
) -> None:
    url = make()
    Display.objects.get().revoke(by=BY)

    answer = anonymous.get(url, headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (404, "true")


def test_an_open_screen_is_swapped_and_after_a_new_version_reloaded(
    anonymous: Client, make: Callable[..., str]
) -> None:
    url = make()
    found = re.search(r'"X-Screen": "(\w+)"', anonymous.get(url).content.decode())
    assert found

    asked = {"hx-request": "true", "x-screen": found[1]}
    assertNotContains(anonymous.get(url, headers=asked), "<html")
    answer = anonymous.get(url, headers=asked | {"x-screen": "older"})
    assert (answer["HX-Refresh"], answer.content) == ("true", b"")


def test_the_key_is_stored_nowhere_and_logged_nowhere_also_when_the_page_breaks(
    anonymous: Client,
    make: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    url, log = make(), io.StringIO()
    key = url.split("/")[2]
    [stderr] = [each for each in logging.getLogger().handlers if each.name == "stderr"]
    monkeypatch.setattr(stderr, "stream", log)
    anonymous.raise_request_exception = False

    assert anonymous.get(url).status_code == 200
    assert anonymous.get("/display/").status_code == 404
    assert anonymous.get(f"/invitations/{key}/").status_code == 404
    settings.INVENTORY_FRESH_SECONDS = None
    page = anonymous.get(url)

    assert page.status_code == 500
    assert key not in page.content.decode()
    assert key not in repr(list(Display.objects.values()))
    lines = log.getvalue()
    assert key not in lines
    assert "Internal Server Error: /display/[redacted]/" in lines
    assert "Traceback" in lines
    assert '"path": "/display/[redacted]/"' in lines
    assert '"path": "/invitations/[redacted]/"' in lines


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"disabled_at": timezone.now()}, "is disabled"),
        ({"expires_on": "2020-01-01"}, "has expired"),
        ({"sealed": "gone:AAAA"}, "cannot be read"),
    ],
)
def test_a_token_that_cannot_be_read_with_is_said_and_comes_back(
    anonymous: Client, make: Callable[..., str], fields: dict[str, Any], text: str, token: Token
) -> None:
    url = make()
    Token.objects.update(**fields)
    assertContains(anonymous.get(url), text)

    Token.objects.update(disabled_at=None, expires_on=None, sealed=token.sealed)
    assertContains(anonymous.get(url), "Needs attention")


def worries(page: Any) -> list[tuple[str, str]]:
    """What the screen lists as needing attention: the name, and since when."""
    row = r'<span class="worry-name"><bdi>([^<]*).*?<span class="worry-since">(.*?)</span>'
    found = re.findall(row, page.content.decode(), re.DOTALL)
    return [(name, re.sub("<.*?>", "", since)) for name, since in found]


def state(page: Any) -> tuple[str, str]:
    found = re.search(
        r'data-state="([\w-]+)".*?id="state-word">([^<]*)<', page.content.decode(), re.DOTALL
    )
    assert found
    return found[1], found[2]


def test_what_is_new_comes_first_with_since_when(
    anonymous: Client, make: Callable[..., str], cloud: Sandbox, clock: Clock
) -> None:
    url = make("q=thing")
    cloud.add_image("bj", name="a broken thing", status="Error")
    assert state(anonymous.get(url)) == ("known", "Nothing new")

    clock.now += 3600
    torn = cloud.add_image("bj", name="z torn thing", backupStorages=[])
    cloud.add_image("bj", name="z broken thing", status="Failed")
    read_again(cloud.token)
    page = anonymous.get(url)
    assert state(page) == ("new", "2 new")
    first, second, *others = worries(page)
    since = "since 2023-11-14 23:13 UTC"
    assert (first, second) == (("z broken thing", since), ("z torn thing", since))
    assert ("a broken thing", "before 2023-11-14 22:13 UTC") in others

    clock.now += 60
    cloud.change_image("bj", torn["cimgUuid"], status="Failed")
    read_again(cloud.token)
    again = worries(anonymous.get(url))
    assert again[:2] == [("z torn thing", "since 2023-11-14 23:14 UTC"), ("z broken thing", since)]

    clock.now += 13 * 3600
    read_again(cloud.token)
    page = anonymous.get(url)
    assert state(page) == ("known", "Nothing new")
    assert worries(page) == again


def test_many_worries_are_all_counted(
    anonymous: Client, make: Callable[..., str], cloud: Sandbox
) -> None:
    for number in range(60):
        cloud.add_image("bj", name=f"broken {number:02}", status="Error")
    page = anonymous.get(make("region=bj&q=broken"))

    assert [name for name, _since in worries(page)] == [f"broken {each:02}" for each in range(40)]
    assertContains(page, 'data-more="and # more" data-of="60"')
    assertContains(page, '<span class="status status-bad"><bdi>Error</bdi>')


def test_figures_have_their_separators(
    anonymous: Client, make: Callable[..., str], settings: Settings
) -> None:
    with Sandbox(images=400, seed=1) as cloud:
        settings.DIDIYUN_API_URL = cloud.url
        assertContains(anonymous.get(make()), '<strong data-total="1200">1,200</strong>')


def test_that_no_region_answers_is_said_at_once_with_the_reason(
    anonymous: Client, well: str, cloud: Sandbox, clock: Clock
) -> None:
    assert state(anonymous.get(well)) == ("well", "All well")
    cloud.misbehave(Fault("errno", errno=41026))
    clock.now += 61
    read_again(cloud.token)
    page = anonymous.get(well)

    assert state(page) == ("old", "Old data")
    assert page.content.decode().count('<p class="gap">') == 1
    assertContains(page, "<strong>The cloud is not available.</strong> All 3 regions: showing old")

    cloud.clear_faults()
    clock.now += 20
    read_again(cloud.token)
    assert state(anonymous.get(well)) == ("well", "All well")


def test_one_word_says_what_keeps_a_screen_from_telling(
    anonymous: Client, make: Callable[..., str], well: str, cloud: Sandbox
) -> None:
    assert state(anonymous.get(make("q=nothing-is-called-like-this"))) == ("empty", "No images")
    assert state(anonymous.get(make("region=nowhere"))) == ("partial", "Incomplete")
    zh = anonymous.get(make("storage=ok&status=Ready", language="zh-hans"))
    assert state(zh) == ("well", "一切正常")


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault("html"), ("no-data", "No data")),
        (Fault("errno", errno=4), ("refused", "Token refused")),
        (Fault("errno", errno=41026, region="gz"), ("partial", "Incomplete")),
    ],
)
def test_one_word_says_what_could_not_be_read(
    anonymous: Client, well: str, cloud: Sandbox, fault: Fault, word: tuple[str, str]
) -> None:
    cloud.misbehave(fault)

    assert state(anonymous.get(well)) == word


def test_who_is_signed_in_finds_the_way_back_and_is_told_that_a_token_is_missing(
    client: Client, stranger: User, viewer: Client
) -> None:
    assertContains(
        viewer.get("/overview/display?region=bj"),
        '<a class="screen-back" href="/overview/?region=bj">',
    )
    client.force_login(stranger)
    page = client.get("/overview/display")
    assert state(page) == ("no-token", "No token")
    assertContains(page, '<a class="screen-back" href="/overview/">')


@pytest.fixture
def well(make: Callable[..., str], cloud: Sandbox) -> str:
    """The address of a screen of images with which all is well."""
    return make("storage=ok&status=Ready")


def test_that_all_is_well_is_said_only_where_all_is_known(
    anonymous: Client, make: Callable[..., str], well: str, cloud: Sandbox
) -> None:
    assertContains(anonymous.get(well), "Nothing needs attention.")
    assertNotContains(anonymous.get(well), 'class="gap"')

    page = anonymous.get(make("region=nowhere"))
    assertContains(page, "<bdi>nowhere</bdi>: This region does not exist, or no longer exists.")
    assertNotContains(page, "Nothing needs attention.")
    page = anonymous.get(make("q=nothing-is-called-like-this"))
    assertContains(page, "No images match this wall’s filters.")
    assertNotContains(page, "Nothing needs attention.")


def test_a_region_that_fails_is_said_beside_the_others(
    anonymous: Client, well: str, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="gz"))
    page = anonymous.get(well)

    states = {region: state for state, region in re.findall(STATES, page.content.decode())}
    assert (states["bj"], states["gz"]) == ("fresh", "failed")
    assertContains(page, "The cloud is not available")
    assertContains(page, "Guangzhou gz: no data about the images there.")
    assertContains(page, "Nothing needs attention in the regions that could be read.")
    assertNotContains(page, "Nothing needs attention.")


def test_old_data_turns_visibly_old_and_fresh_again(
    anonymous: Client, well: str, cloud: Sandbox, clock: Clock
) -> None:
    assertContains(anonymous.get(well), '<span class="region-age">fresh · ', count=3)
    cloud.misbehave(Fault("html", region="bj"))
    clock.now += 100
    read_again(cloud.token)
    page = anonymous.get(well)
    assertContains(page, '<span class="region-age">stale · ', count=1)
    assertContains(page, "Nothing needs attention.")

    clock.now += 100
    read_again(cloud.token)
    page = anonymous.get(well)
    assertContains(page, "region-old", count=1)
    assertContains(page, '<span class="region-age">old · ', count=1)
    assertContains(page, "Beijing bj: showing old data, from <time")
    assertNotContains(page, "Nothing needs attention.")

    cloud.clear_faults()
    clock.now += 200
    read_again(cloud.token)
    assertNotContains(anonymous.get(well), "region-old")
    assertContains(anonymous.get(well), "Nothing needs attention.")


def test_why_nothing_newer_comes_is_said(
    anonymous: Client, well: str, cloud: Sandbox, clock: Clock
) -> None:
    anonymous.get(well)
    cloud.misbehave(Fault("errno", errno=3, endpoint="region/list"))
    clock.now += 4000
    read_again(cloud.token)
    page = anonymous.get(well)

    assertContains(page, '<p class="gap">The cloud is not available</p>')
    assertNotContains(page, "Nothing needs attention.")


def test_what_the_address_says_in_vain_is_named(client: Client, viewer: Client) -> None:
    page = viewer.get("/overview/display?regoin=bj")

    assertContains(page, "Part of the address was ignored: <code>regoin=bj</code>")


def test_an_account_that_is_none_is_named_again_whenever_the_screen_asks_and_never_repeated(
    viewer: Client, cloud: Sandbox
) -> None:
    for name in ("account", "-account", "token"):
        page = viewer.get(f"/overview/display?{name}={cloud.other_token}&region=bj")
        address = Page(page).one(id="screen").attributes["hx-get"]
        said = f"Part of the address was ignored: <code>{name.replace('token', 'account')}=…</code>"

        assertContains(page, said)
        assertContains(viewer.get(address), said)
        assert total(viewer.get(address)) == total(viewer.get("/overview/display?region=bj"))
        assertNotContains(page, cloud.other_token)


def test_a_screen_of_an_account_whose_token_is_disabled_is_dark_and_says_why(
    viewer: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    keep(person, "e" * 64, "Over", expires_on=date(2020, 1, 1))
    off = keep(person, cloud.other_token, "Off", disabled_at=timezone.now())

    page = viewer.get(f"/overview/display?account={off.pk}")
    assert state(page) == ("no-token", "No token")
    assertContains(page, "This wall’s token is disabled")
    # Beside one that works it is a gap.
    page = viewer.get("/overview/display")
    assertContains(page, "Without “Off”: its token is disabled.")
    assertContains(page, "Without “Over”: its token has expired.")
    assert total(page) == sum(len(cloud.images(region)) for region in ("gz", "bj", "sh"))


def test_a_link_of_a_team_shows_all_its_accounts_and_says_which_it_is_without(
    anonymous: Client, token: Token, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    blue, regions = token.team, ("gz", "bj", "sh")
    assert blue
    other = keep(person, cloud.other_token, "Other", team=blue)
    keep(person, "f" * 64, "Not the team's")
    _, key = links.make(blue, None, "Duty room", **MORE, by=BY)
    url = reverse("display", args=[key])
    of_each = {
        secret: sum(len(cloud.images(region, secret)) for region in regions)
        for secret in (cloud.token, cloud.other_token)
    }

    page = anonymous.get(url)
    assert total(page) == sum(of_each.values())
    assertNotContains(page, "Not the team")
    Token.objects.filter(pk=other.pk).update(disabled_at=timezone.now())
    page = anonymous.get(url)
    assert total(page) == of_each[cloud.token]
    assertContains(page, "Without “Other”: its token is disabled.")


def test_a_cloud_that_says_nothing_at_all_is_explained(
    anonymous: Client, make: Callable[..., str], cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("html"))

    assertContains(anonymous.get(make()), "could not be read")


def test_names_of_the_cloud_are_text(
    anonymous: Client, make: Callable[..., str], cloud: Sandbox
) -> None:
    cloud.add_image("bj", name="<script>alert(1)</script>", status="<i>Error")

    assertNotContains(anonymous.get(make()), "<script>alert")
    assertNotContains(anonymous.get(make()), "<i>Error")


def test_a_console_account_has_the_same_screen(
    client: Client, stranger: User, token: Token
) -> None:
    assert token.team
    teams.set_role(token.team, stranger, Role.CONSOLE, by=BY)
    client.force_login(stranger)

    page = client.get("/overview/display?region=bj")
    assertContains(page, "Needs attention")
    assertContains(page, 'hx-get="/overview/display?region=bj"')
    assertContains(client.get("/images/"), 'href="/overview/display"')


def seconds_of(place: int, of: int) -> int:
    """For how long each of so many screens is shown where now it is the turn of that one."""
    now = int(timezone.now().timestamp())
    return next(
        seconds
        for seconds in range(1000, 30000)
        if now // seconds % of == place and now % seconds < seconds - 60
    )


def shown_in_turn(anonymous: Client, url: str, places: int) -> list[tuple[str, int]]:
    """The title of each screen that a link shows, and how many images are on it."""
    found = []
    for place in range(places):
        Display.objects.update(turn_seconds=seconds_of(place, places))
        page = anonymous.get(url)
        title = re.search(r"<h1><bdi>([^<]*)", page.content.decode())
        assert title
        found.append((title[1], total(page)))
        turn = f"{place + 1} / {places}</p>"
        assert (turn in page.content.decode()) is (places > 1)
    return found


def test_one_link_shows_several_screens_in_turn(
    browser: Client, anonymous: Client, token: Token, person: User
) -> None:
    made = {}
    for title, region in (("Hall", "bj"), ("Door", "gz"), ("Roof", "sh")):
        form = {"title": title, "token": token.pk, "days": 7, "language": "en"}
        form |= {"query": f"?region={region}&status=Ready", "turn_seconds": 60}
        form["turns_with"] = [each.pk for each in Display.objects.all()]
        page = browser.post("/teams/blue/displays/", form, follow=True).content.decode()
        link = re.search(r'value="http://testserver(/display/[\w-]{43}/)"', page)
        assert link
        made[title] = link[1]
    assert "in turn with Door · Hall, each for 60 seconds" in page

    titles = [title for title, _total in shown_in_turn(anonymous, made["Roof"], 3)]
    assert titles == ["Roof", "Door", "Hall"]
    assert len(dict(shown_in_turn(anonymous, made["Door"], 2))) == 2
    assert len(shown_in_turn(anonymous, made["Hall"], 1)) == 1

    Display.objects.get(title="Door").revoke(by=BY)
    titles = [title for title, _total in shown_in_turn(anonymous, made["Roof"], 2)]
    assert titles == ["Roof", "Hall"]
    Display.objects.filter(title="Hall").update(expires_at=timezone.now())
    assert [title for title, _total in shown_in_turn(anonymous, made["Roof"], 1)] == ["Roof"]
    Display.objects.get(title="Roof").revoke(by=BY)
    assert anonymous.get(made["Roof"]).status_code == 404


def test_a_screen_in_turn_ends_with_the_right_of_who_made_it(
    anonymous: Client, token: Token, person: User, stranger: User
) -> None:
    assert token.team
    teams.set_role(token.team, stranger, Role.ADMIN, by=BY)
    by = Actor(stranger.username, id=stranger.pk)
    theirs, _key = links.make(token.team, token, "Theirs", **MORE, by=by)
    _made, key = links.make(token.team, token, "Hall", **MORE, by=BY, turns_with=[theirs])
    url = reverse("display", args=[key])
    assert len(shown_in_turn(anonymous, url, 2)) == 2

    Membership.objects.filter(user=stranger).delete()
    assert [title for title, _total in shown_in_turn(anonymous, url, 1)] == ["Hall"]


def test_links_are_made_and_revoked_by_an_admin(
    browser: Client, anonymous: Client, token: Token
) -> None:
    form = {"title": "Hall", "token": token.pk, "days": 7, "language": "en"}
    form["query"] = "http://testserver/images/?region=bj&page=3&token=x"
    page = browser.post("/teams/blue/displays/", form, follow=True).content.decode()
    link = re.search(r'value="http://testserver(/display/[\w-]{43}/)"', page)
    assert link
    assert link[1] not in browser.get("/teams/blue/displays/").content.decode()
    assertContains(anonymous.get(link[1]), "Hall")

    display = Display.objects.get()
    assert display.query == "region=bj"
    url = f"/teams/blue/displays/{display.pk}/revoke/"
    assertContains(browser.post(url, follow=True), "“Hall” was revoked.")
    assert anonymous.get(link[1]).status_code == 404


def test_an_address_that_is_pasted_means_the_accounts_that_it_names(
    browser: Client, token: Token, person: User, keep: Callable[..., Token], cloud: Sandbox
) -> None:
    """By either name, but those of the team alone: it may be a secret, pasted there."""
    other = keep(person, cloud.other_token, "Other", team=token.team)
    private = keep(person, "e" * 64, "Private")
    form: dict[str, Any] = {"title": "Hall", "days": 7, "language": "en"}
    for query, chosen, kept in (
        (f"token={other.pk}", "", f"account={other.pk}"),
        (f"account={other.pk}&os=CentOS", "", f"account={other.pk}&os=CentOS"),
        ("account=other&-account=main", "", "account=other&-account=main"),
        (f"account={private.pk}&account=Private&os=CentOS", "", "os=CentOS"),
        (f"account={cloud.token}&-account={cloud.token}&os=CentOS", "", "os=CentOS"),
        (f"account={other.pk}&os=CentOS", token.pk, "os=CentOS"),
    ):
        sent = form | {"query": f"/images/?{query}", "token": chosen}
        assert browser.post("/teams/blue/displays/", sent).status_code in (200, 302)
        assert Display.objects.latest("made_at").query == kept
    page = Page(browser.get("/teams/blue/displays/", {"query": f"token={other.pk}&os=CentOS"}))
    assert page.one("input", name="title").attributes["value"] == "CentOS"
    assert page.one("input", name="query").attributes["value"] == "os=CentOS"


def test_a_revoked_link_leaves_a_trace_for_a_month(
    browser: Client, person: User, make: Callable[..., str], token: Token
) -> None:
    make()
    display = Display.objects.get()
    links.make(display.team, token, "Lobby", **MORE, by=BY)
    browser.post(f"/teams/blue/displays/{display.pk}/revoke/")
    rows = Page(browser.get("/teams/blue/displays/")).all("tr", data_display=True)
    assert [row.attributes["data-display"] == str(display.pk) for row in rows] == [False, True]
    assert f"Revoked {timezone.now():%Y-%m-%d}" in rows[1].text
    assert person.username in rows[1].text
    assert not rows[1].all("a")

    # It is nobody's to revoke again, to hand over, or to count.
    display.refresh_from_db()
    display.revoke(by=Actor("later"))
    display.refresh_from_db()
    assert display.revoked_by == person.username
    assert AuditEntry.objects.filter(action="display.revoke").count() == 1
    assertContains(browser.get(f"/tokens/{token.pk}/"), "1 display link ")

    Display.objects.filter(pk=display.pk).update(
        expires_at=timezone.now() - maintenance.EXPIRED_KEPT + timedelta(minutes=1)
    )
    maintenance.prune()
    assert Display.objects.filter(pk=display.pk).exists()
    Display.objects.filter(pk=display.pk).update(
        expires_at=timezone.now() - maintenance.EXPIRED_KEPT
    )
    maintenance.prune()
    assert Display.objects.get().title == "Lobby"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"token": "invalid"},
        {"token": "foreign"},
        {"days": 8},
        {"language": "xx"},
        {"query": "http://["},
        {"query": "nothing that filters"},
        {"query": "q=" + "x" * 3000},
        {"turn_seconds": 1, "turns_with": "of the team"},
        {"turns_with": "foreign"},
    ],
)
def test_a_link_that_makes_no_sense_is_not_made(
    browser: Client,
    token: Token,
    stranger: User,
    keep: Callable[..., Token],
    changes: dict[str, Any],
) -> None:
    form = {"title": "Hall", "token": token.pk, "days": 7, "language": "en", **changes}
    if form["token"] == "foreign":
        form["token"] = keep(stranger, "0" * 64).pk
    if "turns_with" in form:
        assert token.team
        team = token.team if form["turns_with"] == "of the team" else teams.create("Red", by=BY)
        form["turns_with"] = [links.make(team, token, "Other", **MORE, by=BY)[0].pk]
        links.make(token.team, token, "Ours", **MORE, by=BY)
    before = Display.objects.count()

    assertContains(browser.post("/teams/blue/displays/", form), 'class="error"', status_code=422)
    assert Display.objects.count() == before
