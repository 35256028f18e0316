"""When the cloud is asked: POST /images/refresh/, the first view, and who waits for whom."""

from __future__ import annotations

import threading
import uuid
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec
import pytest
from django.db import connections
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox
from images.services import COOL_DOWN_SECONDS, freshness, lease, single_flight, store
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, let_refreshes_finish
from tests.integration.images.pages import FRAGMENT, Page

pytestmark = pytest.mark.backend

LIST = "/images/"
URL = "/images/refresh/"
REGIONS = ("gz", "bj", "sh")


def asked(cloud: Sandbox) -> Counter[str]:
    """How often the cloud was asked for what since the last look."""
    calls = Counter(call.endpoint for call in cloud.calls)
    cloud.reset_calls()
    return calls


def test_a_refresh_shows_the_new_image_where_the_person_was(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    viewer.get(LIST)
    made = cloud.add_image("bj", name="new")["cimgUuid"]
    clock.now += COOL_DOWN_SECONDS
    asked(cloud)
    response = viewer.post(URL, headers={"Referer": f"http://testserver{LIST}?q=new"})

    assert response.status_code == 302
    assert response["Location"] == f"http://testserver{LIST}?q=new"
    assert asked(cloud)["region/list"] == 1
    assert Page(viewer.get(response["Location"])).uuids == [made]
    assert not asked(cloud)


def test_the_button_rests_as_long_as_asking_is_too_soon(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    clock.now += 0.9
    button = Page(viewer.get(LIST)).one("button", data_rests_until=True)

    until = float(button.attributes["data-rests-until"])
    assert until == pytest.approx(clock.now + COOL_DOWN_SECONDS, abs=0.001)


def test_asking_again_too_soon_shows_what_was_just_read(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    viewer.get(LIST)
    asked(cloud)
    clock.now += COOL_DOWN_SECONDS - 2
    response = viewer.post(URL, follow=True)

    assert not asked(cloud)
    assert "You can refresh again in 2 seconds." in response.text

    clock.now += 2
    response = viewer.post(URL, follow=True)

    assert asked(cloud)["region/list"] == 1
    assert "You can refresh again" not in response.text


def test_it_asks_with_the_token_that_was_looked_at(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    other = keep(person, cloud.other_token, "Other")
    viewer.post(f"{URL}?token={other.pk}")

    assert {call.token_last4 for call in cloud.calls} == {cloud.other_token[-4:]}


def test_it_shows_that_the_cloud_has_recovered(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("html"))
    assert viewer.get(LIST).status_code == 502
    cloud.clear_faults()
    clock.now += COOL_DOWN_SECONDS
    viewer.post(URL)
    page = Page(viewer.get(LIST))

    assert page.status == 200
    assert page.total == 36
    assert not page.failures


@pytest.mark.parametrize(
    "back",
    [
        "",
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "http://testserver@elsewhere.example/",
        "javascript:alert(1)",
        "\\\\elsewhere.example",
        "http://testserver/" + "x" * 3000,
        "\x00",
    ],
)
def test_it_does_not_lead_out_of_the_site(viewer: Client, cloud: Sandbox, back: str) -> None:
    response = viewer.post(URL, headers={"Referer": back})

    assert response.status_code == 302
    assert response["Location"] == "/"


@pytest.mark.parametrize("back", ["invalid", "token_list", "images:list", "/images/\r\nX-Bad: 1"])
def test_a_strange_way_back_is_no_error(viewer: Client, cloud: Sandbox, back: str) -> None:
    response = viewer.post(URL, headers={"Referer": back})

    assert response.status_code == 302
    assert "X-Bad" not in response.headers


def test_a_link_asks_nothing(viewer: Client, cloud: Sandbox) -> None:
    for response in (viewer.get(URL), viewer.get(URL, headers=FRAGMENT), viewer.head(URL)):
        assert response.status_code == 405
    assert not cloud.calls


def test_without_a_token_there_is_nothing_to_ask(browser: Client, cloud: Sandbox) -> None:
    assert browser.post(URL)["Location"] == "/"
    assert not cloud.calls


def test_someone_elses_account_is_like_one_that_never_was_and_not_read(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    theirs = keep(stranger, cloud.other_token)

    for account in (theirs.pk, uuid.uuid4(), "nonsense"):
        assert viewer.post(f"{URL}?account={account}").status_code == 302
    assert {call.token_last4 for call in cloud.calls} == {cloud.token[-4:]}


def test_every_account_that_is_asked_for_is_read_and_no_other(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep, clock: Clock
) -> None:
    other = keep(person, cloud.other_token, "Other")
    viewer.get("/images/")
    for query, read in (
        ("", {cloud.token, cloud.other_token}),
        (f"?account={other.pk}", {cloud.other_token}),
        ("?token=main", {cloud.token}),
        ("?-account=main", {cloud.other_token}),
        ("?account=main&account=other", {cloud.token, cloud.other_token}),
    ):
        clock.now += COOL_DOWN_SECONDS
        cloud.reset_calls()
        viewer.post(URL + query)
        assert {call.token_last4 for call in cloud.calls} == {secret[-4:] for secret in read}


def test_a_visitor_and_another_site_cannot_ask(cloud: Sandbox, person: User, keep: Keep) -> None:
    keep(person, cloud.token)
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(URL).status_code == 403
    strict.force_login(person)
    assert strict.post(URL).status_code == 403
    assert Client().post(URL)["Location"].startswith("/accounts/login/")
    assert not cloud.calls


# The first view, and those after it


def test_a_warm_view_asks_the_cloud_nothing(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    viewer.get(LIST)
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}
    clock.now += settings.INVENTORY_FRESH_SECONDS - 1
    for path in ("", "?os=CentOS&sort=name", "export.csv", "export.json"):
        assert viewer.get(LIST + path).status_code == 200

    assert not cloud.calls


def test_another_process_reads_what_the_first_one_left(viewer: Client, cloud: Sandbox) -> None:
    first = Page(viewer.get(LIST))
    asked(cloud)
    store.forget()
    second = Page(viewer.get(LIST))

    assert second.uuids == first.uuids
    assert second.cells("name") == first.cells("name")
    assert not cloud.calls


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_first_views_at_once_make_one_listing(
    viewer: Client, cloud: Sandbox, person: User
) -> None:
    cloud.latency = 0.05  # long enough for all of them to arrive meanwhile
    browsers = [Client() for _ in range(6)]
    for browser in browsers:
        browser.force_login(person)
    start, pages = threading.Barrier(len(browsers)), []

    def look(browser: Client) -> None:
        start.wait()
        try:
            pages.append(Page(browser.get(LIST)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(page.status, page.total) for page in pages] == [(200, 36)] * len(browsers)
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_an_old_list_is_refreshed_once_however_many_look(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    viewer.get(LIST)
    made = cloud.add_image("bj", name="new")["cimgUuid"]
    clock.now += settings.INVENTORY_FRESH_SECONDS
    asked(cloud)
    cloud.misbehave(Fault("slow", seconds=3600))  # until it is cleared
    for _ in range(3):
        page = Page(viewer.get(LIST))
        assert page.regions == dict.fromkeys(REGIONS, "stale")
        assert page.total == 36
    cloud.clear_faults()
    let_refreshes_finish()

    assert asked(cloud) == {"cimg/list": 6}
    page = Page(viewer.get(LIST))
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert made in page.uuids
    assert not cloud.calls


def lock_of(cloud: Sandbox) -> str:
    """The cache key of the account; somebody took its lock and was killed."""
    key = vault.cache_key(cloud.token)
    assert store.take_lock(key)
    store.forget()
    return key


def expire_the_lock() -> None:
    """As if its time had passed."""
    [name] = cached.names(":lock")
    cached.delete(name)


def test_the_lock_of_a_killed_process_is_obeyed_until_it_expires(
    viewer: Client, cloud: Sandbox, settings: Settings
) -> None:
    settings.UPSTREAM_DEADLINE_SECONDS = 1
    lock_of(cloud)
    [lock] = cached.names(":lock")
    left = cached.seconds_left(lock)
    waiting = Page(viewer.get(LIST))

    assert 0 < left <= lease.LEASE_SECONDS
    assert waiting.status == 503
    assert waiting.failures == ["still-reading"]
    assert not cloud.calls
    expire_the_lock()
    page = Page(viewer.get(LIST))
    assert page.status == 200
    assert page.total == 36


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_lock_left_behind_delays_a_refresh_and_no_page(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    viewer.get(LIST)
    asked(cloud)
    clock.now += settings.INVENTORY_FRESH_SECONDS
    lock_of(cloud)
    page = Page(viewer.get(LIST))
    let_refreshes_finish()

    assert page.regions == dict.fromkeys(REGIONS, "stale")
    assert not cloud.calls
    expire_the_lock()
    viewer.get(LIST)
    let_refreshes_finish()
    assert asked(cloud)["cimg/list"] == 6
    assert Page(viewer.get(LIST)).regions == dict.fromkeys(REGIONS, "fresh")


def test_a_lock_is_given_back(viewer: Client, cloud: Sandbox) -> None:
    viewer.get(LIST)
    assert store.take_lock(vault.cache_key(cloud.token))
    cached.clear()
    store.forget()
    cloud.misbehave(Fault("html"))
    viewer.get(LIST)

    assert store.take_lock(vault.cache_key(cloud.token))


def stored(kind: str) -> list[str]:
    """The names of everything of one kind, `head` or `body`, in the cache."""
    return cached.names(f":{kind}")


def foreign(value: bytes) -> bytes:
    """Whole, but of another layout."""
    return zlib.compress(msgspec.msgpack.encode([{"images": 7}]))


DAMAGES: dict[str, Callable[[bytes], object]] = {
    "truncated": lambda value: value[: len(value) // 2],
    "one byte short": lambda value: value[:-1],
    "empty": lambda value: b"",
    "foreign": foreign,
    "foreign pieces": lambda value: zlib.compress(msgspec.msgpack.encode([b"\x93\x01\x02\x03"])),
    "half a piece": lambda value: zlib.compress(msgspec.msgpack.encode([b"\x93"])),
    "no bytes": lambda value: "text",
    "none": lambda value: None,
    "another type": lambda value: {"a": 1},
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["head", "body"])
def test_what_is_damaged_in_the_cache_is_read_anew(
    viewer: Client, cloud: Sandbox, kind: str, damage: str
) -> None:
    before = Page(viewer.get(LIST))
    assert len(stored(kind)) == {"head": 1, "body": 3}[kind]
    for name in stored(kind):
        cached.put(name, DAMAGES[damage](cached.get(name)))
    store.forget()
    asked(cloud)
    page = Page(viewer.get(LIST))

    assert page.status == 200
    assert page.uuids == before.uuids
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}
    store.forget()
    viewer.get(LIST)
    assert not cloud.calls


@pytest.mark.parametrize("evicted", ["head", "body", "body:bj"])
def test_what_was_evicted_from_the_cache_is_read_anew(
    viewer: Client, cloud: Sandbox, evicted: str
) -> None:
    before = Page(viewer.get(LIST))
    for name in stored(evicted):
        cached.delete(name)
    store.forget()
    asked(cloud)
    page = Page(viewer.get(LIST))

    assert page.uuids == before.uuids
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}


def test_what_was_evicted_costs_nothing_where_it_is_held(viewer: Client, cloud: Sandbox) -> None:
    before = Page(viewer.get(LIST))
    for name in stored("body"):
        cached.delete(name)
    asked(cloud)

    assert Page(viewer.get(LIST)).uuids == before.uuids
    assert not cloud.calls


def test_a_row_of_the_cache_that_cannot_be_unpacked_is_a_miss(
    viewer: Client, cloud: Sandbox
) -> None:
    viewer.get(LIST)
    for name in cached.names("images:"):
        cached.put_raw(name, b"not a pickle")
    store.forget()

    assert Page(viewer.get(LIST)).total == 36


# What is noted about the token


def test_its_use_and_what_the_cloud_said_are_noted(viewer: Client, cloud: Sandbox) -> None:
    Token.objects.update(state=State.UNVERIFIED, last_ok_at=None)
    viewer.get(LIST)

    token = Token.objects.get()
    assert token.last_used_at
    assert token.last_ok_at
    assert token.state == State.VALID


def test_a_token_last_worked_when_a_list_was_last_read_with_it(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    hours_ago = datetime.fromtimestamp(clock.now - 5 * 3600, UTC)
    Token.objects.update(last_ok_at=hours_ago, checked_at=hours_ago)
    viewer.get(LIST)
    token = Token.objects.get()
    assert token.last_ok_at
    assert token.last_ok_at.timestamp() == clock.now

    clock.now += 30
    viewer.get(LIST)  # nothing was read since
    assert Token.objects.get().last_ok_at == token.last_ok_at


def test_a_token_that_was_checked_since_it_was_refused_is_tried_again(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("errno", errno=4))
    assert Page(viewer.get(LIST)).failures == ["refused"]
    cloud.clear_faults()
    viewer.post(f"/tokens/{Token.objects.get().pk}/check/")

    page = Page(viewer.get(LIST))
    assert page.status == 200
    assert not page.failures


def test_a_replaced_token_never_shows_the_images_of_the_one_before(
    viewer: Client, cloud: Sandbox
) -> None:
    before = Page(viewer.get(LIST))
    token = Token.objects.get()
    Token.objects.update(sealed=vault.seal(cloud.other_token, token.pk))
    after = Page(viewer.get(LIST))

    assert set(after.uuids) == {
        image["cimgUuid"] for region in REGIONS for image in cloud.images(region, cloud.other_token)
    }
    assert not set(before.uuids) & set(after.uuids)


def test_time_is_told_by_one_clock(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    page = Page(viewer.get(LIST))

    assert freshness.clock() == clock.now
    assert "2023-11-14 22:13 UTC" in page.one("li", data_region="bj").text


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_process_that_reads_for_many_already_starts_no_more(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    viewer.get(LIST)
    clock.now += settings.INVENTORY_FRESH_SECONDS
    asked(cloud)
    with ExitStack() as busy:
        for _ in range(single_flight.BACKGROUND_AT_ONCE):
            busy.enter_context(single_flight.slots)
        page = Page(viewer.get(LIST))
        assert page.regions == dict.fromkeys(REGIONS, "stale")
        let_refreshes_finish()
        assert not asked(cloud)

    viewer.get(LIST)
    let_refreshes_finish()
    assert asked(cloud)["cimg/list"]
