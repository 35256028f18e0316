from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard import random_keys
from dashboard.audit.trail import Actor
from dashboard.people.models import User
from dashboard.tokens import rotation, vault
from dashboard.tokens.models import RotationSecret, State, Token
from images.sandbox import Fault, Sandbox
from images.sandbox.cloud import Account
from tests.integration.conftest import Clock

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

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


def second_of(cloud: Sandbox) -> str:
    """Another token of the first one's account."""
    second = "5ec0" * 16
    cloud.accounts[second] = cloud.accounts[cloud.token]
    return second


def switched(browser: Client, token: Token, todo: str = "switch/", **said: str) -> str:
    response = browser.post(page_of(token, todo), said)
    assertRedirects(response, page_of(token), fetch_redirect_response=False)
    return browser.get(page_of(token)).content.decode()


def test_a_secret_is_compared_switched_to_and_restored(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, OLD, state=State.REFUSED, reason="It was deleted.", last_ok_at=None)
    assertContains(browser.get(url(token)), "Replace “Main”")

    page = compared(browser, token, cloud.token)
    assert "Nothing has changed yet" in page
    assert secret_of(token) == OLD
    assert "was replaced and works." in switched(browser, token)
    assert secret_of(token) == cloud.token
    assert (token.state, token.reason, token.last_four) == (State.VALID, "", cloud.token[-4:])
    assert token.last_ok_at


@pytest.mark.parametrize("state", State.values)
def test_a_refused_token_replaces_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: str
) -> None:
    token = keep(person, OLD, state=state)
    page = browser.post(url(token), {"secret": "f" * 64})

    assertContains(page, "The current token stays in use", status_code=422)
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
        cloud.misbehave(Fault("html"))
    secrets = {"forbidden": cloud.forbidden_token, "arrears": cloud.arrears_token}
    page = browser.post(url(token), {"secret": secrets.get(trouble, cloud.token)})

    assertContains(page, "The current token stays in use", status_code=422)
    assert secret_of(token) == OLD


@pytest.mark.parametrize("state", [State.REFUSED, State.FORBIDDEN, State.UNVERIFIED])
def test_a_token_that_does_not_work_gives_way_to_an_unchecked_one(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: State
) -> None:
    token = keep(person, OLD, state=state, last_ok_at=None)
    cloud.misbehave(Fault("html"))
    compared(browser, token, cloud.token)

    assert "replaced without being checked" in switched(browser, token)
    assert secret_of(token) == cloud.token
    assert (token.state, token.last_ok_at) == (State.UNVERIFIED, None)


@pytest.mark.parametrize("away", [False, True])
def test_one_that_cannot_be_decrypted_is_not_held_on_to(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], away: bool
) -> None:
    token = keep(person, OLD)
    Token.objects.update(sealed="gone:AAAA")
    if away:
        cloud.misbehave(Fault("html"))
    page = compared(browser, token, cloud.token)
    assert "there is nothing to compare with" in page
    switched(browser, token)

    assert secret_of(token) == cloud.token
    assert not RotationSecret.objects.exists()


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
    assert f"{count['bj', cloud.token]} would disappear" in page
    assert f"{count['bj', cloud.other_token]} would appear" in page
    assert f"{count['gz', cloud.other_token]} would appear" in page
    shown = 10 - (count["gz", cloud.other_token] - 12)
    assert page.count("<li><bdi>&lt;b&gt;new") == shown
    assert cloud.token[-4:] in page
    assert cloud.other_token[-4:] in page
    assert cloud.token not in page
    assert cloud.other_token not in page


def test_a_second_token_of_the_account_sees_the_same(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    second = second_of(cloud)
    page = compared(browser, keep(person, cloud.token), second)

    assert page.count("the same images") == len(cloud.regions())
    assert "cannot be compared" not in page


def test_it_is_compared_what_each_lists_now(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], clock: Clock
) -> None:
    """Not what was listed with the stored one before: that may be a day old."""
    token, second = keep(person, cloud.token), second_of(cloud)
    browser.get("/images/")
    cloud.add_image("gz", name="came since then")
    clock.now += 30

    assert "came since then" not in compared(browser, token, second)


def test_a_stored_one_that_is_refused_by_now_lists_nothing_whatever_it_listed_before(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], clock: Clock
) -> None:
    token, second = keep(person, cloud.token), second_of(cloud)
    browser.get("/images/")
    cloud.accounts[second] = cloud.accounts.pop(cloud.token)
    clock.now += 30
    page = compared(browser, token, second)

    assert "The stored token lists nothing now" in page
    assert "The cloud does not accept this token" in page
    assert "cannot be compared" in page
    assert "the same images" not in page


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("html", endpoint="cimg/list", region="gz"), "could not be read"),
        (Fault("damaged_items", region="gz"), "cannot be compared"),
        (Fault("moving", region="gz"), "cannot be compared"),
    ],
)
def test_what_could_not_be_listed_whole_is_not_compared(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    fault: Fault,
    told: str,
) -> None:
    token, second = keep(person, cloud.token), second_of(cloud)
    cloud.misbehave(fault)
    page = compared(browser, token, second)

    assert told in page
    assert page.count("cannot be compared") == 1
    assert page.count("the same images") == len(cloud.regions()) - 1


def test_what_was_done_to_the_token_while_the_cloud_was_asked_stays_done(
    cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    rotation.offer(token, cloud.other_token, by=BY)
    Token.objects.update(disabled_at=timezone.now(), label="Renamed")
    rotation.use(token, token.rotation_secrets.get(), by=BY)

    assert secret_of(token) == cloud.other_token
    assert (bool(token.disabled_at), token.label) == (True, "Renamed")


def test_of_two_who_switch_at_once_one_does(
    cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    rotation.offer(token, cloud.other_token, by=BY)
    other, slower = token.rotation_secrets.get(), Token.objects.get()
    rotation.use(token, token.rotation_secrets.get(), by=BY)

    with pytest.raises(rotation.Gone):
        rotation.use(slower, other, by=BY)
    assert secret_of(token) == cloud.other_token
    kept = token.rotation_secrets.get()
    assert vault.unseal(kept.sealed, kept.pk) == cloud.token


def test_keeping_the_old_one_forgets_the_new(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)

    assertContains(browser.post(page_of(token, "keep/"), follow=True), "Nothing was replaced")
    assert secret_of(token) == cloud.token
    assertContains(browser.post(page_of(token, "switch/"), follow=True), "no longer available")
    assert secret_of(token) == cloud.token


def test_the_replaced_one_is_taken_back_with_one_click(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, second_of(cloud))
    assert "Restore previous token" in switched(browser, token)

    assertContains(browser.post(page_of(token, "restore/"), follow=True), "and works.")
    assert secret_of(token) == cloud.token
    browser.post(page_of(token, "restore/"))
    assert secret_of(token) == second_of(cloud)


def test_a_replaced_one_that_was_deleted_at_the_cloud_does_not_come_back(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "f" * 64)
    compared(browser, token, cloud.token)
    switched(browser, token)

    page = browser.post(page_of(token, "restore/"), follow=True)
    assertContains(page, "The current token stays in use")
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
    compared(browser, token, second_of(cloud))
    if kind == "previous":
        switched(browser, token)
    before = secret_of(token)
    RotationSecret.objects.update(until=timezone.now())

    assertContains(browser.post(page_of(token, todo), follow=True), "no longer available")
    assert secret_of(token) == before
    assertNotContains(browser.get(page_of(token)), "Restore previous token")


def test_a_kept_one_opens_in_its_own_row_alone(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)
    RotationSecret.objects.update(sealed=token.sealed)

    assertContains(browser.get(page_of(token, "compare/"), follow=True), "no longer available")
    assertContains(browser.post(page_of(token, "switch/"), follow=True), "no longer available")
    assert secret_of(token) == cloud.token


def test_a_lost_key_takes_only_its_own_tokens_along(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    """One is under a key that is gone, another has a kept one under it: all else works."""
    lost, good = keep(person, cloud.token, "Lost"), keep(person, cloud.token, "Good")
    compared(browser, good, second_of(cloud))
    switched(browser, good)
    Token.objects.filter(pk=lost.pk).update(sealed="gone:AAAA")
    RotationSecret.objects.update(sealed="gone:AAAA")

    for url in ("/tokens/", page_of(lost)):
        assertContains(browser.get(url), "Cannot be read: replace it", 1)
    assertContains(
        browser.get(f"/images/?account={lost.pk}"), "can no longer be read", status_code=403
    )
    for url in (f"/images/?account={good.pk}", "/images/"):
        assertContains(browser.get(url), 'data-image="')
    assertContains(browser.get("/images/"), "Without “Lost”: its token can no longer be decrypted.")
    assertContains(browser.post(page_of(lost, "check/"), follow=True), "cannot be decrypted")
    page = browser.post(page_of(good, "restore/"), follow=True)
    assertContains(page, "The other token is no longer available")
    assert secret_of(good) == second_of(cloud)
    compared(browser, lost, cloud.token)
    assert "was replaced and works." in switched(browser, lost)


def test_the_same_token_again_is_said_to_be_the_same(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)

    page = browser.post(url(token), {"secret": cloud.token})
    assertContains(page, "already in use here", status_code=422)
    assert not cloud.calls


def test_who_switches_with_a_double_click_is_told_that_it_was_replaced(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)

    form = {"sure": "on", "once": random_keys.new_key()}
    browser.post(page_of(token, "switch/"), form)
    page = browser.post(page_of(token, "switch/"), form, follow=True)
    assertContains(page, "was replaced and works.")
    assertNotContains(page, "no longer available")


def test_a_link_switches_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)

    for todo in ("switch/", "restore/"):
        assertRedirects(browser.get(page_of(token, todo)), page_of(token))
    assertContains(browser.get(page_of(token, "keep/")), "Discard the new token?")
    assert secret_of(token) == cloud.token
    assert RotationSecret.objects.exists()


def test_an_invalid_secret_is_not_asked_about(
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


# What a switch would do to the images that people see


SURE = {"sure": "on"}
CONFIRM = "Switch anyway."


def own_images(cloud: Sandbox) -> int:
    """How many images the first account has that nobody shares to it."""
    images = [each for region in cloud.regions() for each in cloud.images(region["id"])]
    return len([each for each in images if not each["isShared"]])


def needs_to_be_confirmed(browser: Client, token: Token, todo: str = "switch/") -> None:
    """Asserts that without it nothing happens, whatever the page said, and with it it does."""
    before = secret_of(token)
    page = browser.post(page_of(token, todo), follow=True)
    assertContains(page, "Confirm first")
    assertContains(page, CONFIRM)
    assert secret_of(token) == before
    assert "was replaced and works." in switched(browser, token, todo, **SURE)
    assert secret_of(token) != before


def test_a_token_of_another_account_is_said_to_be_one_and_has_to_be_confirmed(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    page = compared(browser, token, cloud.other_token)

    assert f"Another account: none of the {own_images(cloud)} images is in common." in page
    assert 'class="notice notice-bad"' in page
    assert CONFIRM in page
    assert 'class="button danger">Switch to the new token' in page
    assert "button primary" not in page
    needs_to_be_confirmed(browser, token)


def test_it_has_to_be_confirmed_also_by_who_never_saw_the_comparison(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    browser.post(url(token), {"secret": cloud.other_token})

    needs_to_be_confirmed(browser, token)


def test_going_back_to_a_token_of_another_account_has_to_be_confirmed_as_well(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    compared(browser, token, cloud.other_token)
    switched(browser, token, **SURE)

    page = browser.post(page_of(token, "restore/"), follow=True)
    assertContains(page, "Restore the previous token?")
    assertContains(page, "Another account: none of the")
    needs_to_be_confirmed(browser, token, "restore/")
    assert secret_of(token) == cloud.token


def test_what_others_share_to_both_accounts_makes_them_no_one_account(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token, common = keep(person, cloud.token), "c0" * 16
    for secret in (cloud.token, cloud.other_token):
        cloud.add_image("gz", token=secret, cimgUuid=common, isShared=True)
    page = compared(browser, token, cloud.other_token)

    assert f"none of the {own_images(cloud)} images is in common" in page
    needs_to_be_confirmed(browser, token)


def part_of(cloud: Sandbox, kept: float) -> str:
    """A token of an account that has this part of the first one's images, and one more."""
    cloud.accounts["9a27" * 16] = Account(copy.deepcopy(cloud.accounts[cloud.token].shelves))
    for region in cloud.regions():
        images = cloud.images(region["id"])
        for image in images[int(len(images) * kept) :]:
            cloud.remove_image(region["id"], image["cimgUuid"], token="9a27" * 16)
    cloud.add_image("gz", token="9a27" * 16, name="new")
    return "9a27" * 16


@pytest.mark.parametrize(("kept", "gone", "confirmed"), [(0.25, 27, True), (0.75, 9, False)])
def test_where_most_images_would_disappear_it_has_to_be_confirmed(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    kept: float,
    gone: int,
    confirmed: bool,
) -> None:
    token = keep(person, cloud.token)
    page = " ".join(compared(browser, token, part_of(cloud, kept)).split())

    assert f"{gone} would disappear / 1 would appear" in page
    assert (CONFIRM in page) is confirmed
    assert ("images are in common" in page) is confirmed
    if confirmed:
        needs_to_be_confirmed(browser, token)
    else:
        assert "was replaced and works." in switched(browser, token)


def test_regions_that_the_new_token_may_not_list_count_as_lost(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token, second = keep(person, cloud.token), second_of(cloud)
    for region in ("bj", "sh"):
        cloud.misbehave(
            Fault("errno", errno=10000001, endpoint="cimg/list", region=region, token=second)
        )
    page = compared(browser, token, second)

    assert "24 would disappear" in page
    needs_to_be_confirmed(browser, token)


def test_a_refused_token_is_compared_by_its_last_good_list(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], clock: Clock
) -> None:
    token = keep(person, cloud.token)
    browser.get("/images/")
    images = own_images(cloud)
    cloud.accounts.pop(cloud.token)
    clock.now += 30
    page = compared(browser, token, cloud.other_token)

    assert "compared by its last good list" in page
    assert f"Another account: none of the {images} images is in common." in page
    needs_to_be_confirmed(browser, token)


@pytest.mark.parametrize("why", ["refused", "not to be decrypted", "silent"])
def test_where_nothing_is_known_of_the_stored_token_that_is_said_and_no_more(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], why: str
) -> None:
    token = keep(person, OLD if why == "refused" else cloud.token)
    if why == "not to be decrypted":
        Token.objects.update(sealed="gone:AAAA")
    if why == "silent":
        cloud.misbehave(Fault("html", token=cloud.token))
    page = compared(browser, token, cloud.other_token)

    assert "It cannot be determined whether both belong to the same account." in page
    assert "Another account" not in page
    assert CONFIRM not in page
    assert "was replaced and works." in switched(browser, token)


def test_an_account_without_images_has_none_to_lose(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    for region in cloud.regions():
        for image in cloud.images(region["id"]):
            cloud.remove_image(region["id"], image["cimgUuid"])
    page = compared(browser, token, cloud.other_token)

    assert "0 would disappear" in page
    assert CONFIRM not in page
    assert "cannot be told" not in page


def test_the_warning_is_in_chinese_as_well(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    browser.post(url(token), {"secret": cloud.other_token})
    page = browser.get(page_of(token, "compare/"), headers={"Accept-Language": "zh-hans"})

    assertContains(page, f"另一个账号：{own_images(cloud)} 个镜像中没有一个相同。")
    assertContains(page, "将消失")
