"""Everything at once: real servers, random faults, killed workers, people who keep looking."""

from __future__ import annotations

import pytest

from tests.bench import faults
from tests.bench.stack import stack

pytestmark = [pytest.mark.backend, pytest.mark.thorough]


def test_random_faults_lose_no_image_and_fail_no_page() -> None:
    """Ten seconds of `python -m tests.bench.faults`."""
    with stack(faults.IMAGES, **faults.prepared()) as running:
        seen = faults.storm(running, seconds=10, seed=7)

    assert not seen.wrong
    assert set(seen.statuses) == {200, 404}
    assert seen.exports
    assert seen.troubled
    assert seen.kills
    assert seen.cut_off <= seen.kills * faults.PEOPLE
