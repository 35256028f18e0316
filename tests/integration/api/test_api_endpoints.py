"""One image, facets, regions, overview, tokens; and every answer as described."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.utils import timezone

from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.services import store
from tests.integration.api.conftest import BY, REGIONS, MakeScript, Script
from tests.integration.conftest import Clock, Keep
from tests.integration.ops.test_metrics import of, series
from tests.judged import judged

pytestmark = pytest.mark.backend

SAMPLE = "4a48f88391134a01befe88ff98b68a88"


def test_one_image_is_as_the_cloud_sent_it(script: Script, cloud: Sandbox) -> None:
    [sent] = [image for image in cloud.images("bj") if image["cimgUuid"] == SAMPLE]
    answer = script.get(f"images/bj/{SAMPLE}")

    assert answer.status == 200
    assert answer.json()["image"] == judged(sent, "bj", Token.objects.get().pk)
    assert answer.json()["region"]["id"] == "bj"
    again = script.get(f"images/bj/{SAMPLE}", If_None_Match=answer.headers["ETag"])
    assert again.status == 304


def test_an_image_that_is_not_there(script: Script, cloud: Sandbox) -> None:
    assert script.get(f"images/bj/{'0' * 32}").kind == "no-such-image"
    assert script.get(f"images/mars/{SAMPLE}").status == 404
    assert script.get(f"images/bj/{SAMPLE}?q=web").status == 422


def test_an_image_of_a_region_that_failed_may_be_there(script: Script, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    answer = script.get(f"images/bj/{SAMPLE}")

    assert (answer.status, answer.kind, answer.json()["errno"]) == (503, "unavailable", 41026)


def test_facets_count_what_the_query_selects(script: Script, cloud: Sandbox) -> None:
    document = script.get("facets?region=bj&os=CentOS").json()

    images = cloud.images("bj")
    counted = {each["value"]: each["count"] for each in document["facets"]["os"]}
    for family in {image["osFamily"] for image in images}:
        assert counted[family] == sum(image["osFamily"] == family for image in images)
    assert [each["value"] for each in document["facets"]["os"] if each["selected"]] == ["CentOS"]
    assert document["total"] == counted["CentOS"]
    assert [region["id"] for region in document["regions"]] == ["bj"]


def test_for_regions_and_tokens_no_list_is_decoded(script: Script, cloud: Sandbox) -> None:
    """As in a process that has just started, and finds in the cache what another one read."""

    def bodies() -> float:
        return sum(of(series(Client()), "dashboard_inventory_reads_total", part="body"))

    counts = {each["id"]: each["count"] for each in script.get("regions").json()["regions"]}
    store.forget()
    before = bodies()
    for path in ("regions", "tokens"):
        assert script.get(path).status == 200
    assert bodies() == before

    found = script.get("images?size=200").json()["images"]
    assert bodies() > before
    assert counts == Counter(image["region"] for image in found)


def test_regions_say_how_fresh_they_are(script: Script, cloud: Sandbox, clock: Clock) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    regions = {region["id"]: region for region in script.get("regions").json()["regions"]}

    assert tuple(regions) == REGIONS
    assert regions["gz"]["state"] == "fresh"
    assert regions["gz"]["fetched_at"] == "2023-11-14T22:13:20+00:00"
    assert (regions["bj"]["state"], regions["bj"]["count"]) == ("failed", None)
    assert regions["bj"]["error"]["errno"] == 41026


def test_the_overview_says_what_needs_attention(script: Script, cloud: Sandbox) -> None:
    cloud.add_image("bj", name="broken", status="Error", size=1000)
    cloud.add_image("bj", size="large")
    document = script.get("overview?region=bj").json()

    assert document["total"] == len(cloud.images("bj"))
    sizes = [image["size"] for image in cloud.images("bj")]
    known = [size for size in sizes if isinstance(size, int)]
    assert document["bytes"] == {"bj": sum(known)}
    assert document["unknown_sizes"] == len(sizes) - len(known) >= 1
    [failed] = [each for each in document["attention"] if each["kind"] == "failed"]
    assert failed["serious"]
    assert "broken" in {each["name"] for each in failed["images"]}
    assert document["worried"] >= failed["count"] >= 1
    assert document["counts"]["status"]["Error"] == 1
    assert document["coverage"]["regions"] == ["bj"]
    running = [image for image in cloud.images("bj") if not image.get("job", {}).get("done", True)]
    assert {each["image"]["cimgUuid"] for each in document["running"]} == {
        image["cimgUuid"] for image in running
    }


def test_the_overview_is_of_what_the_query_selects(script: Script, cloud: Sandbox) -> None:
    cloud.add_image("bj", name="broken", status="Failed", size=5)
    cloud.add_image("bj", name="whole", status="Ready", size=2)
    [uuid] = [each["cimgUuid"] for each in cloud.images("bj") if each.get("name") == "broken"]
    document = script.get("overview?name=broken&name=whole&status=Failed").json()

    broken = {"region": "bj", "cimgUuid": uuid, "name": "broken"}
    assert (document["total"], document["worried"], document["bytes"]) == (1, 1, {"bj": 5})
    assert document["counts"]["status"] == {"Failed": 1}
    groups = {each["kind"]: each for each in document["attention"]}
    for kind, serious in (("failed", True), ("one-region", False)):
        told = {"kind": kind, "serious": serious, "count": 1, "images": [broken]}
        assert groups[kind] == told
    assert document["coverage"] == {
        "regions": list(REGIONS),
        "rows": 1,
        "in_one_region_only": 1,
        "missing_somewhere": 1,
    }


def test_tokens_tell_how_they_stand_and_no_secret(
    script_of: MakeScript, person: User, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.VIEWER, by=BY)
    keep(person, cloud.token, "Mine")
    keep(stranger, "f" * 64, "Of the team", team=team, state="refused", reason="no")
    keep(stranger, "e" * 64, "Theirs")
    Token.objects.filter(label="Mine").update(disabled_at=timezone.now())
    answer = script_of(person).get("tokens")
    mine, teams_own = answer.json()["tokens"]

    assert (mine["label"], mine["last_four"]) == ("Mine", cloud.token[-4:])
    assert (mine["usable"], mine["team"]) == (False, None)
    assert (teams_own["state"], teams_own["reason"], teams_own["usable"]) == ("refused", "no", True)
    assert teams_own["team"] == {"name": "Blue", "slug": "blue"}
    for secret in (cloud.token, "f" * 64, "e" * 64):
        assert secret.encode() not in answer.content
    assert "sealed" not in answer.content.decode()


def test_the_tokens_have_an_etag_too(script: Script) -> None:
    first = script.get("tokens")

    assert script.get("tokens", If_None_Match=first.headers["ETag"]).status == 304
    Token.objects.update(state="refused")
    assert script.get("tokens", If_None_Match=first.headers["ETag"]).status == 200


def validator(document: dict[str, Any], path: str, media_type: str) -> Any:
    answers = document["paths"][path]["get"]["responses"]["200"]
    schema = answers["content"][media_type.partition(";")[0]]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


@pytest.mark.parametrize("fault", [None, Fault("errno", errno=41026, region="bj")])
def test_every_answer_is_as_described(script: Script, cloud: Sandbox, fault: Fault | None) -> None:
    cloud.add_image("gz", name=None, status=7, size="large")
    if fault:
        cloud.misbehave(fault)
    described = script.get("openapi.json").json()
    for path in described["paths"]:
        asked = path.replace("{region}", "sh").replace("{uuid}", cloud.images("sh")[0]["cimgUuid"])
        answer = script.get(asked)
        assert answer.status == 200
        is_json = answer.media_type == "application/json"
        said = answer.json() if is_json else answer.content.decode()
        validator(described, path, answer.media_type).validate(said)


def test_the_description_names_every_operation_once_and_how_to_come_in(script: Script) -> None:
    document = script.get("openapi.json").json()

    assert document["openapi"] == "3.1.0"
    names = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(names) == len(set(names)) == 9
    assert document["security"] == [{"key": []}, {"session": []}]
