"""Everything at once: real servers, random weather, killed workers, people who keep looking."""

from __future__ import annotations

import pytest

from tests.bench import weather
from tests.bench.stack import stack

pytestmark = [pytest.mark.backend, pytest.mark.thorough]


def test_random_weather_loses_no_image_and_fails_no_page() -> None:
    """Ten seconds of `python -m tests.bench.weather`."""
    with stack(weather.IMAGES, **weather.prepared()) as running:
        seen = weather.storm(running, seconds=10, seed=7)

    assert not seen.wrong
    assert set(seen.statuses) == {200, 404}
    assert seen.exports
    assert seen.troubled
    assert seen.kills
    assert seen.cut_off <= seen.kills * weather.PEOPLE
