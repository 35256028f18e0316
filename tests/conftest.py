"""What all tests share: a cloud on a socket, and a site that asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from images.sandbox import Sandbox


@pytest.fixture
def cloud() -> Iterator[Sandbox]:
    """A small cloud whose jobs stand still: its clock is stopped."""
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox
