"""Whoever has a client generated from the description reads every endpoint with it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from images.sandbox import Sandbox
from tests.integration.api.conftest import Script

# The generator does not know it by its name.
LINES = {"application/x-ndjson": "text/plain"}


@pytest.fixture
def client(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package that is generated from what the dashboard says of itself."""
    description = tmp_path / "openapi.json"
    description.write_bytes(script.get("openapi.json").content)
    config = Config.from_sources(
        ConfigFile(post_hooks=[], content_type_overrides=LINES),
        MetaType.NONE,
        document_source=description,
        file_encoding="utf-8",
        overwrite=False,
        output_path=tmp_path / "image_dashboard_client",
    )
    assert [problem.detail for problem in generate(config=config)] == []
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("image_dashboard_client")
    yield package
    for name in [name for name in sys.modules if name.startswith(package.__name__)]:
        del sys.modules[name]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_every_endpoint_is_read(
    client: ModuleType, address: str, script: Script, cloud: Sandbox
) -> None:
    sample = cloud.images("bj")[0]
    description = script.get("openapi.json").json()
    operations = {
        each["get"]["operationId"]: each["get"]["tags"][0] for each in description["paths"].values()
    }
    parts = {"one_image": {"region": "bj", "uuid": sample["cimgUuid"]}}
    found: dict[str, Any] = {}
    with client.AuthenticatedClient(base_url=address, token=script.secret) as reader:
        for name, tag in operations.items():
            operation = importlib.import_module(f"{client.__name__}.api.{tag}.{name}")
            answer = operation.sync_detailed(client=reader, **parts.get(name, {}))
            assert answer.status_code == 200, name
            found[name] = answer.parsed

    assert found["list_images"].total == len(found["list_images"].images) == 36
    assert found["one_image"].image.name == sample["name"]
    assert {each["name"] for each in map(json.loads, found["stream_lines"].splitlines())} == {
        each.name for each in found["list_images"].images
    }
    assert [each.label for each in found["tokens"].tokens] == ["Main"]
