"""One call to the cloud, over a socket: what it returns, which error it becomes, when it ends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from images.cloud import errors
from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.listing import list_images, list_regions
from images.sandbox import ERRORS, Fault, Sandbox
from tests.integration.images.test_faults import FAILING, at
from tests.liar import Liar, answer
from tests.marks import in_time


def account(cloud: Sandbox, *, token: str | None = None, seconds: float = 5) -> Account:
    """No test waits between attempts: `pauses` of a failing call are counted elsewhere."""
    return Account(cloud.url, token or cloud.token, Deadline(seconds), pause=lambda _: None)


def test_the_regions_are_listed_with_their_zones(cloud: Sandbox) -> None:
    regions, unreadable = list_regions(account(cloud))
    assert unreadable == 0
    assert [(region.id, region.name) for region in regions][:2] == [("gz", "广州"), ("bj", "北京")]
    assert [zone.id for zone in regions[0].zones] == ["gz01", "gz02"]


@pytest.mark.parametrize("errno", [number for number in ERRORS if number])
def test_every_documented_errno_is_an_error_with_its_facts(cloud: Sandbox, errno: int) -> None:
    cloud.misbehave(Fault("errno", errno=errno))
    with pytest.raises(errors.CloudError) as caught:
        list_regions(account(cloud))
    expected = errors.ERRORS_BY_ERRNO.get(errno, errors.Unavailable)
    assert type(caught.value) is expected
    assert caught.value.errno == errno
    assert caught.value.errmsg == ERRORS[errno]
    assert len(caught.value.request_id) == 32
    tries = 3 if errno in errors.PASSING_ERRNOS else 1
    assert len(cloud.calls) == tries


def test_errno_decides_before_the_http_status(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno_status", errno=4, status=503))
    with pytest.raises(errors.Refused):
        list_regions(account(cloud))
    cloud.clear_faults()
    cloud.misbehave(Fault("errno_status", errno=0, status=500))
    with pytest.raises(errors.Unreadable):  # success by errno, but without its data
        list_regions(account(cloud))


def test_a_wrong_token_is_refused_and_not_tried_again(cloud: Sandbox) -> None:
    with pytest.raises(errors.Refused):
        list_regions(account(cloud, token="0" * 64))
    assert len(cloud.calls) == 1


@pytest.mark.parametrize("fault", [
    Fault("status", status=502, html=True, times=2),
    Fault("status", status=503, html=True, times=2),
    Fault("status", status=504, html=True, times=2),
    Fault("status", status=429, html=True, times=2),
    Fault("status", status=429, html=True, times=1, retry_after="1"),
    Fault("errno", errno=41026, times=2),
    Fault("reset", times=2),
    Fault("reset_in_body", times=2),
    Fault("short_body", times=2),
], ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}")  # fmt: skip
def test_what_may_pass_is_tried_again(cloud: Sandbox, fault: Fault) -> None:
    cloud.misbehave(fault)
    assert list_regions(account(cloud))


@pytest.mark.parametrize(("fault", "expected"), [
    (Fault("status", status=500, html=True), errors.Unavailable),
    (Fault("status", status=404, html=True), errors.Unavailable),
    (Fault("html"), errors.Unreadable),
    (Fault("not_json"), errors.Unreadable),
    (Fault("truncated"), errors.Unreadable),
    (Fault("data_null"), errors.Unreadable),
    (Fault("answer_array"), errors.Unreadable),
    (Fault("deep"), errors.Unreadable),
    (Fault("huge"), errors.TooLarge),
    (Fault("gzip_bomb"), errors.TooLarge),
    (Fault("redirect"), errors.Unreadable),
], ids=lambda value: getattr(value, "kind", ""))  # fmt: skip
def test_what_will_not_pass_is_not_tried_again(
    cloud: Sandbox, fault: Fault, expected: type[errors.CloudError]
) -> None:
    cloud.misbehave(fault)
    with pytest.raises(expected):
        list_images(account(cloud), "bj", page_limit=100)
    assert len(cloud.calls) == 1


@pytest.mark.parametrize("endpoint", ["region/list", "cimg/list"])
@pytest.mark.parametrize("name", FAILING)
def test_every_fault_is_the_kind_of_failure_that_pages_tell(
    cloud: Sandbox, name: str, endpoint: str
) -> None:
    kind, fault = FAILING[name]
    cloud.misbehave(at(fault, endpoint))
    asking = account(cloud, seconds=0.3 if kind == "out-of-time" else 5)
    with pytest.raises(errors.CloudError) as caught:
        list_regions(asking) if endpoint == "region/list" else list_images(asking, "bj")
    assert caught.value.kind == kind


@pytest.mark.parametrize("kind", ["items_null", "items_wrong_type", "bad_encoding"])
def test_a_page_without_its_items_is_not_an_empty_page(cloud: Sandbox, kind: str) -> None:
    cloud.misbehave(Fault(kind))
    with pytest.raises(errors.Unreadable):
        list_images(account(cloud), "bj")


def test_a_redirect_to_another_host_never_gets_the_token(cloud: Sandbox) -> None:
    with Sandbox(images=1) as elsewhere:
        cloud.misbehave(Fault("redirect", location=elsewhere.url))
        with pytest.raises(errors.Unreadable):
            list_regions(account(cloud))
        assert elsewhere.calls == []


def test_a_retry_after_longer_than_the_deadline_ends_the_call_at_once(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("status", status=429, html=True, retry_after="3600"))
    pauses: list[float] = []
    asking = Account(cloud.url, cloud.token, Deadline(5), pause=pauses.append)
    with pytest.raises(errors.Unavailable) as caught:
        list_regions(asking)
    assert caught.value.http_status == 429
    assert pauses == []
    assert len(cloud.calls) == 1


def test_a_retry_after_that_fits_is_honoured(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("status", status=429, html=True, retry_after="2", times=1))
    pauses: list[float] = []
    list_regions(Account(cloud.url, cloud.token, Deadline(5), pause=pauses.append))
    assert pauses == [2.0]


@pytest.mark.parametrize("fault", [
    Fault("hang"),
    Fault("drip", seconds=0.05),
    Fault("slow", seconds=30),
], ids=lambda fault: fault.kind)  # fmt: skip
def test_a_call_ends_by_its_deadline(cloud: Sandbox, fault: Fault) -> None:
    cloud.misbehave(fault)
    started = time.monotonic()
    with pytest.raises(errors.OutOfTime):
        list_regions(account(cloud, seconds=0.4))
    assert in_time(time.monotonic() - started, 1.2)


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_what_we_cut_ourselves_was_late_although_there_is_time_again(
    cloud: Sandbox, kind: str
) -> None:
    cloud.misbehave(Fault(kind, seconds=0.05))
    a_clock_that_stands = Deadline(0.3, clock=lambda: 0.0)
    with pytest.raises(errors.OutOfTime):
        list_regions(Account(cloud.url, cloud.token, a_clock_that_stands, pause=lambda _: None))


def test_who_cannot_be_reached_in_what_is_left_of_the_time_is_late() -> None:
    a_clock_that_stands = Deadline(0.3, clock=lambda: 0.0)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        with socket.create_connection(address), contextlib.ExitStack() as waiting:
            for _ in range(3):  # Nobody takes them: no other gets through.
                other = waiting.enter_context(socket.socket())
                other.setblocking(False)
                other.connect_ex(address)
            url = f"http://127.0.0.1:{address[1]}"
            with pytest.raises(errors.OutOfTime):
                list_regions(Account(url, "t", a_clock_that_stands, pause=lambda _: None))


def test_headers_that_drip_end_by_the_deadline() -> None:
    with _dripping_headers() as url:
        started = time.monotonic()
        with pytest.raises(errors.OutOfTime):
            list_regions(Account(url, "t", Deadline(0.4), pause=lambda _: None))
        assert in_time(time.monotonic() - started, 1.2)


@contextmanager
def _dripping_headers() -> Iterator[str]:
    """A server that sends a header line now and then, and never the end of the headers."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"X-Drip: 1\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()


def test_no_server_at_all_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(errors.Unavailable, match="connection"):
        list_regions(Account(f"http://127.0.0.1:{port}", "t", Deadline(5), pause=lambda _: None))


def test_an_answer_that_repeats_the_token_does_not_carry_it_on(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("echo_token"))
    with pytest.raises(errors.Unavailable) as caught:
        list_regions(account(cloud))
    assert cloud.token not in str(caught.value)
    assert "[token]" in str(caught.value)


def test_the_token_is_not_in_the_repr_of_what_holds_it(cloud: Sandbox) -> None:
    assert cloud.token not in repr(account(cloud))


def test_a_netrc_entry_does_not_replace_the_token(
    cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert list_regions(account(cloud))


# The envelope, when it is odd


@pytest.mark.parametrize(("errno", "expected", "told"), [
    ("9" * 30, errors.Unavailable, None),
    ("-" + "9" * 30, errors.Unavailable, None),
    (str(2**63), errors.Unavailable, None),
    (str(2**63 - 1), errors.Unavailable, 2**63 - 1),
    ("1e300", errors.Unavailable, None),
    ("4.5", errors.Unavailable, None),
    ('"invalid"', errors.Unavailable, None),
    ("4.0", errors.Refused, 4),
    ('"4"', errors.Refused, 4),
    ("9" * 5000, errors.Unreadable, None),
    ("1e999", errors.Unreadable, None),
    ("true", errors.Unreadable, None),
    ("null", errors.Unreadable, None),
    ("{}", errors.Unreadable, None),
], ids=lambda value: str(value)[:12])  # fmt: skip
def test_an_errno_is_a_number_that_can_be_kept_or_none(
    errno: str, expected: type[errors.CloudError], told: int | None
) -> None:
    with Liar() as liar:
        liar.replies["region/list"] = lambda asked: answer([], errmsg="why").replace(
            b'"errno": 0', b'"errno": ' + errno.encode()
        )
        with pytest.raises(expected) as caught:
            list_regions(Account(liar.url, liar.token, Deadline(5)))
    assert caught.value.errno == told


@pytest.mark.parametrize("zero", ["0", "0.0", '"0"', "-0"])
def test_success_is_success_however_it_is_spelled(zero: str) -> None:
    with Liar() as liar:
        liar.replies["region/list"] = lambda asked: answer([{"id": "bj"}]).replace(
            b'"errno": 0', b'"errno": ' + zero.encode()
        )
        assert list_regions(Account(liar.url, liar.token, Deadline(5)))


def test_what_is_said_of_a_failure_is_short_and_one_part_spoils_no_other() -> None:
    with Liar() as liar:
        liar.replies["region/list"] = lambda asked: answer(
            [], errno=3, errmsg={"deep": [1]}, requestId="r" * 500_000
        )
        with pytest.raises(errors.Unavailable) as caught:
            list_regions(Account(liar.url, liar.token, Deadline(5), pause=lambda _: None))
    assert caught.value.errmsg == ""
    assert caught.value.request_id == "r" * 299 + "…"
