"""/tokens/: the list, and adding."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from dashboard.audit.trail import Actor
from dashboard.people.models import User
from dashboard.tokens import lifecycle, vault
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

URL = "/tokens/"
BY = Actor("person")


def add(browser: Client, secret: str, label: str = "Main") -> str:
    """The page that is seen after adding."""
    response = browser.post(URL, {"label": label, "secret": secret})
    assert response.status_code == 302
    assert response["Location"] in (URL, "/images/")
    return browser.get(URL).content.decode()


def refused(browser: Client, secret: str, label: str = "Main") -> str:
    """The page that is seen when it is not added."""
    response = browser.post(URL, {"label": label, "secret": secret})
    assert response.status_code == 422
    assert not Token.objects.filter(state=State.VALID).exclude(label="Kept").exists()
    return response.content.decode()


def test_a_token_that_works_is_stored_and_not_shown_again(
    browser: Client, cloud: Sandbox, person: User
) -> None:
    page = add(browser, cloud.token)

    assert "was saved and works." in page
    assert cloud.token not in page
    assert cloud.token[-4:] in page
    assert "badge-ok" in page
    token = Token.objects.get()
    assert (token.owner, token.label, token.state) == (person, "Main", State.VALID)
    assert token.last_ok_at
    assert vault.unseal(token.sealed, token.pk) == cloud.token


def test_without_a_token_it_says_what_one_is(browser: Client) -> None:
    page = browser.get(URL)

    assertContains(page, "You have no token yet")
    assertContains(page, "API TOKEN")
    assertContains(page, "never shown again")
    assertNotContains(page, "<table")


def test_a_token_that_works_in_some_regions_says_in_which_it_does_not(
    browser: Client, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("errno", errno=10000001, endpoint="cimg/list", region="bj"))
    page = add(browser, cloud.token)

    assert "was saved and works. It is not allowed to list images in Beijing bj;" in page


def test_a_refused_token_says_what_to_look_at_and_loses_nothing_else(
    browser: Client, cloud: Sandbox
) -> None:
    sent = {"label": "Main", "secret": "f" * 64, "expires_on": "2099-12-31"}
    page = browser.post(URL, sent).content.decode()

    for words in ("mistyped or not whole", "expired or been deleted", "“API TOKEN”"):
        assert words in page
    for kept in ('value="Main"', 'value="2099-12-31"', "You have no token yet"):
        assert kept in page
    assert page.index("mistyped") < page.index("You have no token yet")
    assert "f" * 64 not in page


def test_the_form_keeps_the_secret_from_the_browser_memory(browser: Client) -> None:
    field = re.search(r'<input[^>]*name="secret"[^>]*>', browser.get(URL).content.decode())

    assert field
    assert 'type="password"' in field[0]
    assert 'autocomplete="off"' in field[0]
    assert "value" not in field[0]


def test_a_refused_token_is_not_stored(browser: Client, cloud: Sandbox) -> None:
    page = refused(browser, "f" * 64)

    assert "Not saved." in page
    assert "does not accept" in page
    assert re.search(r"requestId \w{32}", page)
    assert 'value="Main"' in page
    assert "f" * 64 not in page
    assert not Token.objects.exists()


def test_a_token_that_may_not_list_is_stored_and_what_to_do_is_said(
    browser: Client, cloud: Sandbox
) -> None:
    page = add(browser, cloud.forbidden_token)

    assert "not allowed to list images" in page
    assert "administrator" in page
    assert "badge-bad" in page
    assert Token.objects.get().state == State.FORBIDDEN


def test_a_token_of_an_account_in_arrears_is_stored_as_unverified(
    browser: Client, cloud: Sandbox
) -> None:
    page = add(browser, cloud.arrears_token)

    assert "in arrears" in page
    assert Token.objects.get().state == State.UNVERIFIED


def test_when_the_cloud_is_away_the_token_is_stored_unverified(
    browser: Client, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("html"))
    page = add(browser, cloud.token)

    assert "saved without being checked" in page
    assert "badge-warn" in page
    token = Token.objects.get()
    assert (token.state, token.last_ok_at) == (State.UNVERIFIED, None)


@pytest.mark.parametrize("pasted", ["  {}\n", "Bearer {}", "bearer   {} ", "\tBEARER {}\r\n"])
def test_what_comes_along_when_pasting_is_taken_off(
    browser: Client, cloud: Sandbox, pasted: str
) -> None:
    add(browser, pasted.format(cloud.token))

    token = Token.objects.get()
    assert vault.unseal(token.sealed, token.pk) == cloud.token


@pytest.mark.parametrize(
    "secret",
    ["", "   ", "Bearer ", "a b", "a\nb", "a\x00b", "ключ", "密钥", "a\u200bb", "x" * 513, "\x7f"],
)
def test_what_cannot_be_a_token_is_not_even_asked_about(
    browser: Client, cloud: Sandbox, secret: str
) -> None:
    page = refused(browser, secret)

    assert 'id="id_secret_error"' in page
    assert not cloud.calls


@pytest.mark.parametrize("label", ["", "   ", "\n", "x" * 81, "a\x00b"])
def test_what_cannot_be_a_label_is_refused(browser: Client, cloud: Sandbox, label: str) -> None:
    assert 'id="id_label_error"' in refused(browser, cloud.token, label)
    assert not cloud.calls


@pytest.mark.parametrize("again", ["kept", " KEPT ", "Kept"])
def test_a_label_is_given_once_in_whatever_case(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], again: str
) -> None:
    keep(person, cloud.token, "Kept")

    assert "already" in refused(browser, cloud.other_token, again)
    assert not cloud.calls


def test_of_two_at_once_with_one_label_only_one_is_stored(cloud: Sandbox, person: User) -> None:
    first, _ = lifecycle.add_token(person, "Main", cloud.token, by=BY)

    with pytest.raises(lifecycle.LabelTaken):
        lifecycle.add_token(person, "MAIN", cloud.other_token, by=BY)
    assert Token.objects.get() == first


def test_two_people_may_use_one_label(
    browser: Client, cloud: Sandbox, stranger: User, keep: Callable[..., Token]
) -> None:
    keep(stranger, cloud.other_token, "Main")

    assert "was saved" in add(browser, cloud.token, "Main")


def test_a_token_pasted_as_the_label_is_not_shown_again(browser: Client, cloud: Sandbox) -> None:
    for label in (cloud.token, f"my {cloud.token}"):
        for secret in (cloud.token, ""):
            page = refused(browser, secret, label)
            assert "looks like a token" in page
            assert cloud.token not in page
    short = "hunter2hunter2"
    assert short not in refused(browser, short, f"mine: {short}")


def test_a_long_name_is_not_taken_for_a_token(browser: Client, cloud: Sandbox) -> None:
    name = "production-eu-central-shared-services-account"

    assert name in add(browser, cloud.token, name)


def test_a_short_secret_does_not_show_its_end(browser: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html"))
    add(browser, "hunter2")

    assert Token.objects.get().last_four == ""


def test_markup_in_a_label_stays_text(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    keep(person, "0" * 64, "<script>alert(1)</script>")

    assertNotContains(browser.get(URL), "<script>alert")


def test_each_row_says_when_it_worked_failed_and_was_used(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    now = timezone.now()
    keep(person, "0" * 64, last_failed_at=now, last_used_at=now)
    page = browser.get(URL).content.decode()

    instant = rf'<time datetime="{now:%Y-%m-%dT%H:%M}[^"]*\+00:00" data-time>'
    assert len(re.findall(instant + rf"{now:%Y-%m-%d %H:%M} UTC</time>", page)) == 3


def test_a_bad_one_says_why_and_gives_the_request_id(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    keep(person, "0" * 64, state=State.REFUSED, reason="It was deleted.", request_id="abc123")

    page = browser.get(URL)
    assertContains(page, "It was deleted.")
    assertContains(page, "requestId <code>abc123</code>")


def test_one_that_cannot_be_decrypted_says_so(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64)
    Token.objects.update(sealed="gone:AAAA")

    page = browser.get(URL)
    assertContains(page, "Cannot be read: replace it")
    assertNotContains(page, f"?token={token.pk}")


def test_the_list_is_ones_own_and_costs_no_query_a_token(
    browser: Client,
    person: User,
    stranger: User,
    keep: Callable[..., Token],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    keep(stranger, "9" * 64, "Theirs")
    for number in range(5):
        keep(person, "0" * 64, f"Mine {number}")
    browser.get(URL)

    # The session, who is signed in, their roles, and tokens with their owners' and teams' names.
    with django_assert_num_queries(5):
        page = browser.get(URL)
    assertContains(page, "data-token", 5)
    assertNotContains(page, "Theirs")


def test_only_for_who_is_signed_in(anonymous: Client, cloud: Sandbox) -> None:
    for ask in (anonymous.get, anonymous.post):
        response = ask(URL, {"label": "Main", "secret": cloud.token})
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=")
        assert "secret" not in anonymous.session
    assert not Token.objects.exists()


def test_a_form_from_elsewhere_is_refused(person: User, cloud: Sandbox) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)

    assert strict.post(URL, {"label": "Main", "secret": cloud.token}).status_code == 403
    assert not Token.objects.exists()


def test_no_page_of_it_is_kept_by_the_browser(browser: Client) -> None:
    assert "no-store" in browser.get(URL)["Cache-Control"]
