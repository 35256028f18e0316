"""What a dashboard makes of one more entry in its registry of fields.

`python -m tests.integration.images.added_field` adds it to the source of `images.fields` before
anything imports that, asks everywhere, and writes what came as JSON.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path

import images
from tests.bench.inside import site

TABLE = "ENTRIES = (\n"
ENTRY = """\
    _field("series", _("Series"), "text", lambda image: (image.name or "").partition("-")[0],
           column=23, facet=Facet(15), group=IDENTITY, ours="series", json=True),
"""


def add_entry() -> None:
    spec = find_spec("images.fields")
    assert spec
    assert spec.origin
    source = Path(spec.origin).read_text("utf-8")
    assert source.count(TABLE) == 1
    fields = module_from_spec(spec)
    sys.modules["images.fields"] = vars(images)["fields"] = fields
    exec(compile(source.replace(TABLE, TABLE + ENTRY), spec.origin, "exec"), fields.__dict__)  # noqa: S102


def asked() -> dict[str, str]:
    from django.test import Client

    from tests.bench.inhabited import KEY, text_of
    from tests.dashboards import PASSWORD, USER

    with site(60) as inside:
        inside.manage("add_user", USER, given=PASSWORD)
        own = ("--user", USER, "--label", "Main")
        inside.manage("add_token", *own, given=inside.cloud.token)
        person = Client(SERVER_NAME="localhost")
        person.post("/accounts/login/", {"login": USER, "password": PASSWORD})
        key = re.search(
            KEY, text_of(person.post("/api-keys/", {"label": "A", "days": "7"}, follow=True))
        )
        assert key
        script = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key[1]}"})
        two = "&".join(f"image=bj/{each['cimgUuid']}" for each in inside.cloud.images("bj")[:2])
        return {
            name: text_of(client.get(path))
            for name, client, path in (
                ("list", person, "/images/"),
                ("column", person, "/images/?columns=series&series=web&sort=-series"),
                ("comparison", person, f"/images/compare/?{two}"),
                ("csv", person, "/images/export.csv?sort=series"),
                ("json", script, "/api/v1/images?size=200&sort=series"),
                ("facets", script, "/api/v1/facets"),
                ("openapi", script, "/api/v1/openapi.json"),
            )
        }


if __name__ == "__main__":
    add_entry()
    sys.stdout.write(json.dumps(asked()))
