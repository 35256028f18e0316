"""One deployment for all its tests: they read, or put back what they changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.deployment import Deployment, deployment


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("deployment")) as here:
        yield here
