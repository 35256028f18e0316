"""/metrics: who may read it, and what it says of how things stand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from dashboard import environment
from dashboard.observing import gauges
from dashboard.people.models import User
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.services import breaker
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.test_bounds import kill_the_reader

pytestmark = pytest.mark.backend

KEY = "a key that nobody guesses"
HOSTILE = 'a"} 1\nup{job="x'

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series(browser: Client) -> Series:
    """Every sample by its name and labels."""
    gauges.NOW.forget()
    response = browser.get("/metrics")
    assert response.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def of(found: Series, name: str, **labels: str) -> list[float]:
    """The values of the samples that have these labels among theirs."""
    wanted = set(labels.items())
    return [value for (each, has), value in found.items() if each == name and wanted <= has]


@pytest.fixture(autouse=True)
def as_new() -> Iterator[None]:
    yield
    gauges.NOW.forget()


# Who may read it


@pytest.mark.parametrize(
    ("address", "headers", "proxies", "status"),
    [
        ("127.0.0.1", {}, 0, 200),
        ("::1", {}, 0, 200),
        ("10.1.2.3", {}, 0, 200),
        ("10.2.0.1", {}, 0, 403),
        ("", {}, 0, 403),  # a unix socket
        ("203.0.113.9", {"Authorization": f"Bearer {KEY}"}, 0, 200),
        ("203.0.113.9", {"Authorization": f"bearer {KEY}"}, 0, 200),
        ("203.0.113.9", {"Authorization": f"Basic {KEY}"}, 0, 403),
        ("203.0.113.9", {"Authorization": "Bearer "}, 0, 403),
        ("127.0.0.1", {"Authorization": "Bearer another key"}, 0, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 0, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 1, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 1, 403),
        ("203.0.113.9", {"X-Forwarded-For": "10.1.2.3"}, 1, 200),
        ("127.0.0.1", {"X-Forwarded-For": "invalid"}, 1, 403),
        ("127.0.0.1", {}, 1, 200),
    ],
)
def test_it_is_for_some_networks_and_whoever_has_the_key(
    anonymous: Client,
    settings: Settings,
    address: str,
    headers: dict[str, str],
    proxies: int,
    status: int,
) -> None:
    settings.METRICS_KEY = KEY
    settings.METRICS_NETWORKS = environment.networks("UNSET", "127.0.0.0/8, ::1/128, 10.1.0.0/16")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    response = anonymous.get("/metrics", headers=headers, REMOTE_ADDR=address)

    assert response.status_code == status
    assert (b"dashboard_ready" in response.content) == (status == 200)
    assert "sessionid" not in anonymous.cookies


def test_without_a_key_no_key_is_the_right_one(anonymous: Client, settings: Settings) -> None:
    settings.METRICS_KEY = ""
    for given in ("Bearer ", "Bearer", "Bearer None"):
        headers = {"Authorization": given}
        response = anonymous.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9")
        assert response.status_code == 403


# What it says


def test_requests_are_counted_by_view_and_never_by_path(viewer: Client) -> None:
    before = series(viewer)
    for path in ("/images/?q=secret-word", "/nothing/secret-word/", "/images/bj/secret-word/"):
        viewer.get(path)
    viewer.get("/accounts/login/", headers={"Host": "secret-word.example"})
    now = series(viewer)

    name = "dashboard_request_duration_seconds_count"
    expected = (("images:list", "200"), ("none", "404"), ("images:detail", "404"))
    for view, status in (*expected, ("account_login", "400")):
        had = sum(of(before, name, view=view, status=status))
        assert sum(of(now, name, view=view, status=status)) == had + 1
    assert "secret-word" not in str(now)


def test_calls_of_the_cloud_are_counted_also_those_of_another_process(
    viewer: Client, cloud: Sandbox
) -> None:
    before = series(viewer)
    cloud.misbehave(Fault("errno", errno=1, endpoint="cimg/list", region="bj"))
    viewer.get("/images/")
    now = series(viewer)

    counted = {
        dict(labels)["endpoint"] + " " + dict(labels)["outcome"]: int(
            value - before.get((name, labels), 0)
        )
        for (name, labels), value in now.items()
        if name == "dashboard_upstream_call_duration_seconds_count"
    }
    assert sum(counted.values()) == len(cloud.calls)
    assert counted["region/list ok"] == 1
    # Once more, with small pages.
    assert counted["storage/cimg/list bad-request"] == 2
    assert counted["storage/cimg/list ok"] > 1


def test_snapshots_have_their_age_size_and_failure(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    viewer.get("/images/")
    clock.now += 90
    cloud.misbehave(Fault("errno", errno=1, endpoint="cimg/list", region="bj"))
    read_again(cloud.token)
    clock.now += 5
    found = series(viewer)

    ages = {
        region: of(found, "dashboard_snapshot_age_seconds", region=region)
        for region in ["bj", "gz"]
    }
    assert ages == {"bj": [95], "gz": [5]}
    assert of(found, "dashboard_snapshot_images", region="bj", token="Main") == [12]
    assert of(found, "dashboard_snapshot_bytes", region="bj")[0] > 1000
    assert of(found, "dashboard_snapshot_failing", region="bj", reason="bad-request") == [1]
    assert of(found, "dashboard_snapshot_failing", region="gz") == []


def test_asking_reads_nothing_from_the_cloud_and_counts_as_no_reading(
    viewer: Client, cloud: Sandbox
) -> None:
    viewer.get("/images/")
    cloud.reset_calls()
    first, second = series(viewer), series(viewer)

    assert not cloud.calls
    for source in ("process", "cache", "none"):
        reads = [
            of(each, "dashboard_inventory_reads_total", source=source) for each in (first, second)
        ]
        assert reads[0] == reads[1]


def test_a_page_reads_the_head_from_the_cache_and_the_images_from_memory(viewer: Client) -> None:
    viewer.get("/images/")
    before = series(viewer)
    viewer.get("/images/")
    now = series(viewer)

    name = "dashboard_inventory_reads_total"
    for part, source in (("head", "cache"), ("body", "process")):
        had = sum(of(before, name, part=part, source=source))
        assert sum(of(now, name, part=part, source=source)) == had + 1


def test_processes_that_read_lists_are_counted_by_how_they_ended(
    viewer: Client, cloud: Sandbox, settings: Settings, clock: Clock
) -> None:
    def counted() -> dict[str, float]:
        found = series(viewer)
        name = "dashboard_reading_processes_total"
        return {how: sum(of(found, name, outcome=how)) for how in ("read", "late", "killed")}

    before = counted()
    viewer.get("/images/")
    assert counted() == before | {"read": before["read"] + 1}

    cloud.misbehave(Fault("hang", endpoint="cimg/list"))
    for how, seconds, told in ((signal.SIGSTOP, 1, "late"), (signal.SIGKILL, 20, "killed")):
        settings.UPSTREAM_DEADLINE_SECONDS = seconds
        clock.now += 900
        cloud.reset_calls()
        before = counted()
        killer = threading.Thread(target=kill_the_reader, args=(cloud, how))
        killer.start()
        read_again(cloud.token)
        killer.join()
        assert counted() == before | {told: before[told] + 1}


def test_what_memory_has_no_room_for_is_counted(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep, settings: Settings
) -> None:
    settings.INVENTORY_MEMORY_MB = 0
    keep(person, cloud.other_token, "Other")
    viewer.get("/images/")
    name = "dashboard_memory_evictions_total"
    before = sum(of(series(viewer), name))
    viewer.get("/images/")

    # A page is made of both accounts: each takes the other's place.
    assert sum(of(series(viewer), name)) == before + 2


def test_jobs_that_stand_still_show_where_nobody_looks(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    viewer.get("/images/")
    running = [image for image in cloud.images("bj") if "job" in image and not image["job"]["done"]]
    assert running
    for _ in range(3):
        clock.now += 61
        read_again(cloud.token)  # the cloud's own clock stands still, and its jobs with it
    found = series(viewer)

    assert of(found, "dashboard_jobs_running", region="bj") == [len(running)]
    assert of(found, "dashboard_jobs_stalled", region="bj") == [len(running)]


def test_jobs_that_the_cache_has_lost_are_not_none(viewer: Client, cloud: Sandbox) -> None:
    viewer.get("/images/")
    [name] = cached.names(":jobs:bj")
    cached.delete(name)
    found = series(viewer)

    assert of(found, "dashboard_jobs_running", region="bj") == []
    assert of(found, "dashboard_jobs_stalled", region="bj") == []
    assert of(found, "dashboard_jobs_running", region="gz")


def test_tokens_are_counted_by_state(viewer: Client, person: User, keep: Keep) -> None:
    keep(person, "1" * 64, "Old", state="refused")
    keep(person, "2" * 64, "Off", state="refused", disabled_at=timezone.now())
    keep(person, "3" * 64, "Over", expires_on="2020-01-01")
    found = series(viewer)

    states = ("valid", "refused", "disabled", "expired", "unreachable")
    assert [of(found, "dashboard_tokens", state=each)[0] for each in states] == [1, 1, 1, 1, 0]
    assert of(found, "dashboard_token_state", token="Old", state="refused") == [1]
    assert of(found, "dashboard_token_state", token="Off") == []


def test_two_tokens_of_one_label_are_two(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    keep(stranger, cloud.other_token)

    assert of(series(viewer), "dashboard_token_state", token="Main") == [1, 1]


def test_a_label_cannot_say_what_is_not_so(viewer: Client, cloud: Sandbox, person: User) -> None:
    Token.objects.update(label=HOSTILE)
    viewer.get("/images/")
    found = series(viewer)

    assert of(found, "up") == []
    assert of(found, "dashboard_snapshot_images", token=HOSTILE, region="bj") == [12]


def test_no_secret_is_in_it(viewer: Client, cloud: Sandbox) -> None:
    viewer.get("/images/")
    gauges.NOW.forget()

    said = viewer.get("/metrics").content.decode()
    assert cloud.token not in said
    assert cloud.token[-4:] not in said.replace(str(Token.objects.get().pk), "")


def test_a_token_whose_key_is_lost_is_no_error(viewer: Client) -> None:
    Token.objects.update(sealed="gone:AAAA")
    found = series(viewer)

    assert of(found, "dashboard_token_state", token="Main") == [1]
    assert of(found, "dashboard_snapshot_age_seconds") == []


def test_the_last_round_of_the_refresher_is_known_once_there_was_one(anonymous: Client) -> None:
    name = "dashboard_refresher_last_round_timestamp_seconds"
    assert of(series(anonymous), name) == []

    call_command("refresh")
    assert abs(of(series(anonymous), name)[0] - timezone.now().timestamp()) < 60


def test_it_tells_for_how_long_accounts_are_overdue(
    viewer: Client, person: User, cloud: Sandbox, clock: Clock, keep: Keep, settings: Settings
) -> None:
    clock.now = timezone.now().timestamp()  # or what was read would be too old to be kept
    keep(person, cloud.other_token, "Other")
    call_command("refresh")
    found = series(viewer)
    assert of(found, "dashboard_accounts") == [2]
    assert of(found, "dashboard_accounts_overdue") == [0]

    clock.now += settings.INVENTORY_IDLE_SECONDS + 60
    read_again(cloud.token)
    found = series(viewer)
    assert of(found, "dashboard_accounts_overdue") == [1]
    assert of(found, "dashboard_refresh_lag_seconds", quantile="0.5") == [0]
    assert of(found, "dashboard_refresh_lag_seconds", quantile="1") == [60]


def test_reads_of_a_refresher_are_counted_by_token_and_outcome(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    token = str(Token.objects.get().pk)
    call_command("refresh")
    cloud.misbehave(Fault("html"))
    clock.now += 3600
    call_command("refresh")
    found = series(viewer)

    name = "dashboard_account_reads_total"
    assert of(found, name, token_id=token, outcome="ok") == [1]
    assert of(found, name, token_id=token, outcome="unreadable") == [1]


def test_a_cloud_that_answers_nobody_is_told(viewer: Client, settings: Settings) -> None:
    assert of(series(viewer), "dashboard_upstream_breaker_open") == [0]
    for _ in range(breaker.SILENT_READINGS):
        breaker.note(answered=False)
    assert of(series(viewer), "dashboard_upstream_breaker_open") == [1]


def test_without_its_cache_it_says_so(anonymous: Client, no_cache: None) -> None:
    found = series(anonymous)

    assert of(found, "dashboard_ready", part="cache") == [0]
    assert of(found, "dashboard_ready", part="database") == [1]
