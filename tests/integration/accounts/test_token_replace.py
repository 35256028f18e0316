from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.accounts import replacing, vault
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import SpareSecret, State, Token, User
from images.sandbox import Sandbox, Weather
from tests.integration.conftest import Clock

pytestmark = pytest.mark.django_db(databases="__all__")

OLD = "0" * 64
BY = Actor("person")


def url(token: Token) -> str:
    return f"/tokens/{token.pk}/replace/"


def secret_of(token: Token) -> str:
    token.refresh_from_db()
    return vault.unseal(token.sealed, token.pk)


def page_of(token: Token, todo: str = "") -> str:
    return f"/tokens/{token.pk}/{todo}"


def compared(browser: Client, token: Token, secret: str) -> str:
    """The page that puts the new secret beside the stored one."""
    response = browser.post(url(token), {"secret": secret})
    assertRedirects(response, page_of(token, "compare/"), fetch_redirect_response=False)
    return browser.get(page_of(token, "compare/")).content.decode()


def switched(browser: Client, token: Token) -> str:
    response = browser.post(page_of(token, "switch/"))
    assertRedirects(response, page_of(token), fetch_redirect_response=False)
    return browser.get(page_of(token)).content.decode()


def test_it_works(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, OLD, state=State.REFUSED, reason="It was deleted.", last_ok_at=None)
    assertContains(browser.get(url(token)), "Replace “Main”")

    page = compared(browser, token, cloud.token)
    assert "Nothing has changed yet" in page
    assert secret_of(token) == OLD
    assert "is replaced, and it works." in switched(browser, token)
    assert secret_of(token) == cloud.token
    assert (token.state, token.reason, token.last_four) == (State.VALID, "", cloud.token[-4:])
    assert token.last_ok_at


@pytest.mark.parametrize("state", State.values)
def test_a_refused_token_replaces_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: str
) -> None:
    token = keep(person, OLD, state=state)
    page = browser.post(url(token), {"secret": "f" * 64})

    assertContains(page, "the token you have stays", status_code=422)
    assertContains(page, "requestId", status_code=422)
    assertNotContains(page, "f" * 64, status_code=422)
    assert secret_of(token) == OLD
    assert token.state == state


@pytest.mark.parametrize("state", [State.VALID, State.UNREACHABLE, State.UNVERIFIED])
@pytest.mark.parametrize("trouble", ["away", "forbidden", "arrears"])
def test_a_token_that_worked_gives_way_only_to_one_that_works(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    state: State,
    trouble: str,
) -> None:
    token = keep(person, OLD, state=state, last_ok_at=timezone.now())
    if trouble == "away":
        cloud.misbehave(Weather("html"))
    secrets = {"forbidden": cloud.forbidden_token, "arrears": cloud.arrears_token}
    page = browser.post(url(token), {"secret": secrets.get(trouble, cloud.token)})

    assertContains(page, "the token you have stays", status_code=422)
    assert secret_of(token) == OLD


@pytest.mark.parametrize("state", [State.REFUSED, State.FORBIDDEN, State.UNVERIFIED])
def test_a_token_that_does_not_work_gives_way_to_an_unchecked_one(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: State
) -> None:
    token = keep(person, OLD, state=state, last_ok_at=None)
    cloud.misbehave(Weather("html"))
    compared(browser, token, cloud.token)

    assert "replaced without having been checked" in switched(browser, token)
    assert secret_of(token) == cloud.token
    assert (token.state, token.last_ok_at) == (State.UNVERIFIED, None)


@pytest.mark.parametrize("away", [False, True])
def test_one_that_cannot_be_decrypted_is_not_held_on_to(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], away: bool
) -> None:
    token = keep(person, OLD)
    Token.objects.update(sealed="gone:AAAA")
    if away:
        cloud.misbehave(Weather("html"))
    page = compared(browser, token, cloud.token)
    assert "there is nothing to compare with" in page
    switched(browser, token)

    assert secret_of(token) == cloud.token
    assert not SpareSecret.objects.exists()


def test_both_are_put_beside_each_other(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    for number in range(12):
        cloud.add_image("gz", name=f"<b>new {number:02}", token=cloud.other_token)
    page = compared(browser, token, cloud.other_token)

    count = {
        (region, secret): len(cloud.images(region, secret))
        for region in ("bj", "gz")
        for secret in (cloud.token, cloud.other_token)
    }
    assert f"{count['bj', cloud.token]} only now" in page
    assert f"{count['bj', cloud.other_token]} only new" in page
    assert f"{count['gz', cloud.other_token]} only new" in page
    shown = 10 - (count["gz", cloud.other_token] - 12)
    assert page.count("<li><bdi>&lt;b&gt;new") == shown
    assert cloud.token[-4:] in page
    assert cloud.other_token[-4:] in page
    assert cloud.token not in page
    assert cloud.other_token not in page


def test_a_second_token_of_the_account_sees_the_same(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    second = "5ec0" * 16
    cloud.accounts[second] = cloud.accounts[cloud.token]
    page = compared(browser, keep(person, cloud.token), second)

    assert page.count("the same images") == len(cloud.regions())
    assert "cannot be compared" not in page


def test_it_is_compared_what_each_lists_now(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], clock: Clock
) -> None:
    """Not what was listed with the stored one before: that may be a day old."""
    token, second = keep(person, cloud.token), "5ec0" * 16
    browser.get("/images/")
    cloud.accounts[second] = cloud.accounts[cloud.token]
    cloud.add_image("gz", name="came since then")
    clock.now += 30

    assert "came since then" not in compared(browser, token, second)


def test_a_stored_one_that_is_refused_by_now_lists_nothing_whatever_it_listed_before(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], clock: Clock
) -> None:
    token, second = keep(person, cloud.token), "5ec0" * 16
    browser.get("/images/")
    cloud.accounts[second] = cloud.accounts.pop(cloud.token)
    clock.now += 30
    page = compared(browser, token, second)

    assert "The stored token lists nothing now" in page
    assert "The cloud does not accept this token" in page
    assert "cannot be compared" in page
    assert "the same images" not in page


@pytest.mark.parametrize(
    ("weather", "told"),
    [
        (Weather("html", endpoint="cimg/list", region="gz"), "could not be read"),
        (Weather("damaged_items", region="gz"), "cannot be compared"),
        (Weather("moving", region="gz"), "cannot be compared"),
    ],
)
def test_what_could_not_be_listed_whole_is_not_compared(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    weather: Weather,
    told: str,
) -> None:
    token, second = keep(person, cloud.token), "5ec0" * 16
    cloud.accounts[second] = cloud.accounts[cloud.token]
    cloud.misbehave(weather)
    page = compared(browser, token, second)

    assert told in page
    assert page.count("cannot be compared") == 1
    assert page.count("the same images") == len(cloud.regions()) - 1


def test_what_was_done_to_the_token_while_the_cloud_was_asked_stays_done(
    cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    replacing.offer(token, cloud.other_token, by=BY)
    Token.objects.update(disabled_at=timezone.now(), label="Renamed")
    replacing.use(token, token.spares.get(), by=BY)

    assert secret_of(token) == cloud.other_token
    assert (bool(token.disabled_at), token.label) == (True, "Renamed")


def test_of_two_who_switch_at_once_one_does(
    cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    replacing.offer(token, cloud.other_token, by=BY)
    spare, slower = token.spares.get(), Token.objects.get()
    replacing.use(token, token.spares.get(), by=BY)

    with pytest.raises(replacing.Gone):
        replacing.use(slower, spare, by=BY)
    assert secret_of(token) == cloud.other_token
    kept = token.spares.get()
    assert vault.unseal(kept.sealed, kept.pk) == cloud.token


def test_keeping_the_old_one_forgets_the_new(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)

    assertContains(browser.post(page_of(token, "keep/"), follow=True), "Nothing is replaced")
    assert secret_of(token) == cloud.token
    assertContains(browser.post(page_of(token, "switch/"), follow=True), "not kept any more")
    assert secret_of(token) == cloud.token


def test_the_replaced_one_is_taken_back_with_one_click(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)
    assert "Take it back" in switched(browser, token)

    assertContains(browser.post(page_of(token, "restore/"), follow=True), "and it works.")
    assert secret_of(token) == cloud.token
    browser.post(page_of(token, "restore/"))
    assert secret_of(token) == cloud.other_token


def test_a_replaced_one_that_was_deleted_at_the_cloud_does_not_come_back(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "f" * 64)
    compared(browser, token, cloud.token)
    switched(browser, token)

    page = browser.post(page_of(token, "restore/"), follow=True)
    assertContains(page, "the token you have stays")
    assert secret_of(token) == cloud.token


@pytest.mark.parametrize(("kind", "todo"), [("next", "switch/"), ("previous", "restore/")])
def test_what_is_kept_is_of_no_use_after_its_time(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    kind: str,
    todo: str,
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)
    if kind == "previous":
        switched(browser, token)
    before = secret_of(token)
    SpareSecret.objects.update(until=timezone.now())

    assertContains(browser.post(page_of(token, todo), follow=True), "not kept any more")
    assert secret_of(token) == before
    assertNotContains(browser.get(page_of(token)), "Take it back")


def test_a_kept_one_opens_in_its_own_row_alone(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)
    SpareSecret.objects.update(sealed=token.sealed)

    assertContains(browser.get(page_of(token, "compare/"), follow=True), "not kept any more")
    assertContains(browser.post(page_of(token, "switch/"), follow=True), "not kept any more")
    assert secret_of(token) == cloud.token


def test_a_lost_key_takes_only_its_own_tokens_along(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    """One is under a key that is gone, another has a kept one under it: all else works."""
    lost, good = keep(person, cloud.token, "Lost"), keep(person, cloud.token, "Good")
    compared(browser, good, cloud.other_token)
    switched(browser, good)
    Token.objects.filter(pk=lost.pk).update(sealed="gone:AAAA")
    SpareSecret.objects.update(sealed="gone:AAAA")

    for url in ("/tokens/", page_of(lost)):
        assertContains(browser.get(url), "Cannot be read: replace it", 1)
    assertContains(browser.get(f"/images/?token={lost.pk}"), "cannot be read", status_code=403)
    assertContains(browser.get(f"/images/?token={good.pk}"), 'data-image="')
    assertContains(browser.post(page_of(lost, "check/"), follow=True), "cannot be decrypted")
    page = browser.post(page_of(good, "restore/"), follow=True)
    assertContains(page, "The other token is not kept any more")
    assert secret_of(good) == cloud.other_token
    compared(browser, lost, cloud.token)
    assert "is replaced, and it works." in switched(browser, lost)


def test_the_same_token_again_is_said_to_be_the_same(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)

    page = browser.post(url(token), {"secret": cloud.token})
    assertContains(page, "stored already", status_code=422)
    assert not cloud.calls


def test_a_link_switches_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)

    for todo in ("switch/", "keep/", "restore/"):
        assertRedirects(browser.get(page_of(token, todo)), page_of(token))
    assert secret_of(token) == cloud.token
    assert SpareSecret.objects.exists()


def test_nonsense_is_not_asked_about(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, OLD)

    for secret in ("", "a b", "x" * 513):
        assert browser.post(url(token), {"secret": secret}).status_code == 422
    assert not cloud.calls
    assert secret_of(token) == OLD


def test_someone_elses_is_like_one_that_never_was(
    cloud: Sandbox, is_no_more_than_nothing: Callable[[str], Token]
) -> None:
    theirs = is_no_more_than_nothing("token_replace")

    assert secret_of(theirs) == OLD
    assert not cloud.calls
