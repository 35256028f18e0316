"""What a worker holds of each image, and that nothing of it is lost."""

from __future__ import annotations

import json
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.items import pack_item, unpack_item
from images.cloud.listing import list_images
from images.cloud.packing import decode_body, encode_body, encode_images
from images.sandbox import Sandbox
from images.search.index import Index

MOST_BYTES = 1200  # an image, with its place in the index


@given(
    st.binary() | st.text().map(str.encode) | st.lists(st.text()).map(json.dumps).map(str.encode)
)
def test_an_item_is_unpacked_to_the_byte(item: bytes) -> None:
    assert unpack_item(pack_item(item)) == item


def test_an_image_takes_little_of_a_worker_and_its_item_is_as_it_was_read() -> None:
    with Sandbox(images=3000, seed=1) as cloud:
        read = list_images(Account(cloud.url, cloud.token, Deadline(60)), "bj").images
    sent = {image.uuid: image.raw for image in read}
    body = encode_body(encode_images(read))
    del read
    tracemalloc.start()
    images = decode_body(body)
    assert images
    Index(images).warm()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held / len(images) < MOST_BYTES
    assert {image.uuid: image.raw for image in images} == sent
