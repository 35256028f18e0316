"""What of the cloud's texts comes in, and in which spelling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.cloud import errors
from images.cloud.cleaning import MAX_ERRMSG, MAX_NAME, clean, clean_json, clipped
from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.listing import list_images, list_regions
from images.sandbox import Fault, Sandbox
from images.sandbox.inventory import encode
from images.sandbox.odd_answers import SPELLINGS

# As it goes into a header, with all that JSON may escape.
TOKEN = 'a/b<c>&d"e\\f0123456789'


@pytest.fixture
def asking() -> Iterator[tuple[Sandbox, Account]]:
    with Sandbox(images=12, seed=1, token=TOKEN, clock=lambda: 1_700_000_000.0) as cloud:
        yield cloud, Account(cloud.url, TOKEN, Deadline(20), pause=lambda _: None)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_token_is_found_however_it_is_escaped(
    asking: tuple[Sandbox, Account], spelling: str
) -> None:
    cloud, account = asking
    cloud.misbehave(Fault("token_in_list", spelling=spelling))

    found, (regions, _) = list_images(account, "bj"), list_regions(account)

    for image in found.images:
        told = json.loads(image.raw)
        assert told["[token]"] == {"[token]": "[token]"}
        assert told["name"] == image.name
        assert image.name
        assert image.name.endswith(" [token]")
        assert (image.description, image.tags) == ("Bearer [token]", ("by [token]",))
    assert all(region.name.endswith(" [token]") for region in regions)
    assert found.request_id == "[token]"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_token_in_the_text_of_a_failure_is_not_carried_on(
    asking: tuple[Sandbox, Account], spelling: str
) -> None:
    cloud, account = asking
    cloud.misbehave(Fault("echo_token", spelling=spelling))

    with pytest.raises(errors.Unavailable) as caught:
        list_regions(account)

    assert caught.value.errmsg == "upstream refused Authorization: Bearer [token]"
    assert caught.value.request_id == "[token]"


def test_what_no_database_stores_is_dropped_and_nothing_else(
    asking: tuple[Sandbox, Account],
) -> None:
    cloud, account = asking
    good, (regions, _) = list_images(account, "bj"), list_regions(account)
    cloud.misbehave(Fault("unfit_texts"))

    found = list_images(account, "bj")

    for image, as_sent in zip(found.images, good.images, strict=True):
        assert json.loads(image.raw) == json.loads(as_sent.raw) | {"note": ""}
        assert msgspec.structs.replace(image, packed=as_sent.packed) == as_sent
    assert list_regions(account) == (regions, 0)
    assert found.request_id.isalnum()


def test_a_failure_that_no_database_stores_is_told_without_that(
    asking: tuple[Sandbox, Account],
) -> None:
    cloud, account = asking
    cloud.misbehave(Fault("unfit_failure", errno=1))

    with pytest.raises(errors.BadRequest) as caught:
        list_regions(account)

    assert caught.value.errmsg == caught.value.request_id == "out of order"


def test_names_and_ids_are_clipped_and_say_so(asking: tuple[Sandbox, Account]) -> None:
    cloud, account = asking
    long = "n" * (MAX_NAME + 1)
    cloud.add_image("bj", name=long, description=long, cimgTags=[long], status=long[1:])

    [*_, image] = list_images(account, "bj").images

    assert (image.name,) == image.tags == ("n" * (MAX_NAME - 1) + "…",)
    assert image.description == long
    assert image.status == "n" * MAX_NAME
    assert json.loads(image.raw)["name"] == long


def test_a_long_request_id_is_clipped(asking: tuple[Sandbox, Account]) -> None:
    cloud, account = asking
    cloud.misbehave(Fault("long_request_id"))

    assert len(list_images(account, "bj").request_id) == MAX_NAME


def test_what_is_clean_stays_as_it_was_sent(asking: tuple[Sandbox, Account]) -> None:
    cloud, account = asking
    cloud.add_image("bj", description='a "quoted"\tline\n\\ end', ratio=1.10)

    [*_, image] = list_images(account, "bj").images

    assert image.raw == encode(cloud.images("bj")[-1]).encode()
    assert image.description == 'a "quoted"\tline\n\\ end'


UNFIT = st.text(st.sampled_from("\0\x01\x1f\x7f\x85\ud800\udfff"), min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | UNFIT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | UNFIT | st.just(TOKEN), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, st.booleans(), st.sampled_from(["", TOKEN]))
def test_any_document_becomes_what_cleaning_its_texts_makes_of_it(
    value: object, escaped: bool, token: str
) -> None:
    document = json.dumps([value, token], ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    # Half of a surrogate pair that no escape hides is no UTF-8: nothing can be read from that.
    try:
        document.decode()
    except UnicodeDecodeError:
        return

    assert json.loads(clean_json(document, token)) == cleaned(json.loads(document), token)


def cleaned(value: Any, token: str) -> Any:
    if isinstance(value, str):
        return clean(value, token)
    if isinstance(value, dict):
        return {clean(key, token): cleaned(member, token) for key, member in value.items()}
    if isinstance(value, list):
        return [cleaned(member, token) for member in value]
    return value


@given(st.binary(), st.text())
def test_no_bytes_stop_it(document: bytes, token: str) -> None:
    clean_json(document, token)


@given(st.text(), st.integers(1, 20))
def test_clipped_is_as_long_as_it_may_be(text: str, most: int) -> None:
    assert len(clipped(text, most)) == min(len(text), most)
    assert clipped(text, MAX_ERRMSG + len(text)) == text
