"""A deployment through its nginx, as people and strangers meet it."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from typing import Any

import brotli

from tests.dashboards import PASSWORD, USER
from tests.stack.client import Answer, Client
from tests.stack.deployment import Deployment
from tests.stack.running import wait_until

SECURITY = {
    "Content-Security-Policy": "default-src 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Permissions-Policy": "camera=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "",
    "X-Request-ID": "",
}


CACHING = "Cache-Control"


def said_once(answer: Answer) -> bool:
    return all(
        len(answer.headers.get_all(name) or []) == 1 and answer.headers[name].startswith(start)
        for name, start in SECURITY.items()
    )


def stylesheet(page: Answer) -> str:
    found = re.search(r'href="(/static/css/app\.[0-9a-f]+\.css)"', page.text)
    assert found
    return found[1]


def test_a_person_finds_an_image_behind_the_proxy(running: Deployment) -> None:
    ann = running.signed_in()
    page = ann.get("/images/")

    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert re.search(r'data-total="(\d+)"', page.text)
    filtered = ann.get("/images/?os=CentOS", **{"HX-Request": "true"})
    assert "<html" not in filtered.text
    total = re.search(r'data-total="(\d+)"', filtered.text)
    assert total
    exported = json.loads(ann.get("/images/export.json?os=CentOS").body)
    assert exported["total"] == len(exported["images"]) == int(total[1]) > 0
    assert len(ann.get("/images/export.csv?os=CentOS").text.splitlines()) == int(total[1]) + 1


def test_what_is_compressed_is_so_once_and_what_shows_a_secret_is_not(running: Deployment) -> None:
    ann, asked = running.signed_in(), {"Accept-Encoding": "gzip, deflate, br, zstd"}
    page, keys = ann.get("/images/", **asked), ann.get("/api-keys/", **asked)

    assert page.headers.get_all("Content-Encoding") == ["br"]
    assert brotli.decompress(page.body).startswith(b"<!doctype html>")
    assert keys.headers["Content-Encoding"] is None
    assert keys.text.startswith("<!doctype html>")


def test_cookies_are_for_https_and_not_for_scripts(running: Deployment) -> None:
    ann = running.client()
    page = ann.get("/accounts/login/")
    answers = [page, ann.sign_in(USER, PASSWORD)]
    given = [line for answer in answers for line in answer.headers.get_all("Set-Cookie") or []]

    assert {line.partition("=")[0] for line in given} >= {"__Host-csrftoken", "__Host-sessionid"}
    for line in given:
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(line.split("; "))


def test_plain_http_leads_to_https(running: Deployment) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.http)
    connection.request("GET", "/images/?q=web", headers={"Host": "evil.example"})
    answer = connection.getresponse()

    assert answer.status == 301
    assert answer.headers["Location"] == "https://localhost/images/?q=web"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in answer.headers
    connection.close()


def test_every_answer_has_every_security_header_once(running: Deployment) -> None:
    stranger, ann = running.client(), running.signed_in()
    login, listed = stranger.get("/accounts/login/"), ann.get("/api/v1/regions")
    known = {"If-None-Match": listed.headers["ETag"]}
    answers = {
        "page": (200, ann.get("/images/")),
        "fragment": (200, ann.get("/images/", **{"HX-Request": "true"})),
        "export": (200, ann.get("/images/export.csv")),
        "sign-in": (200, login),
        "redirect": (302, stranger.get("/images/")),
        "static file": (200, stranger.get(stylesheet(login))),
        "static file of another version": (404, stranger.get("/static/css/app.0123.css")),
        "no page": (404, ann.get("/nothing/")),
        "method": (405, stranger.request("PUT", "/images/")),
        "forgery": (403, stranger.request("POST", "/theme/", "")),
        "host": (400, stranger.get("/", Host="evil.example")),
        "API": (200, listed),
        "API, unchanged": (304, ann.get("/api/v1/regions", **known)),
        "API, no key": (401, stranger.get("/api/v1/images")),
        "API, nothing there": (404, ann.get("/api/v1/nothing")),
        "API, method": (405, ann.request("POST", "/api/v1/images")),
        "API, invalid parameter": (422, ann.get("/api/v1/images?colour=red")),
        "health": (200, stranger.get("/healthz")),
        # Of nginx itself:
        "hidden": (404, stranger.get("/metrics")),
        "large body": (413, stranger.request("POST", "/theme/", "x" * 300_000)),
        "long address": (414, stranger.get("/?q=" + "x" * 9_000)),
        "large header": (400, stranger.get("/", **{"X-Filler": "x" * 9_000})),
        "too many": (429, hammering(running.client("127.0.0.11"))),
    }

    assert {name: answer.status for name, (_, answer) in answers.items()} == {
        name: status for name, (status, _) in answers.items()
    }
    assert [name for name, (_, answer) in answers.items() if not said_once(answer)] == []
    kept = {name for name, (_, a) in answers.items() if "no-store" not in a.headers[CACHING]}
    assert kept == {"static file", "API", "API, unchanged"}


def hammering(client: Client) -> Answer:
    """What the door says in the end to who knocks all the time."""
    answers = (client.get("/accounts/login/") for _ in range(200))
    return next(answer for answer in answers if answer.status != 200)


def test_what_is_asked_from_inside_has_them_too(running: Deployment) -> None:
    for port in running.servers:
        for path in ("/metrics", "/readyz"):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", path, headers={"X-Forwarded-Proto": "https"})
            answer = connection.getresponse()
            assert answer.status == 200
            assert said_once(Answer(answer.status, answer.headers, answer.read()))
            connection.close()


def test_no_answer_names_the_servers(running: Deployment) -> None:
    for path in ("/accounts/login/", "/metrics", "/nothing/"):
        assert running.client().get(path).headers["Server"] == "nginx"


def test_static_files_are_small_and_kept_for_good(running: Deployment) -> None:
    someone = running.client()
    path = stylesheet(someone.get("/accounts/login/"))
    small = someone.get(path, **{"Accept-Encoding": "gzip, br"})
    plain = someone.get(path)

    assert small.headers["Content-Encoding"] == "br"
    assert "Content-Encoding" not in plain.headers
    assert len(small.body) * 3 < len(plain.body)
    for answer in (small, plain):
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_what_a_client_says_of_its_address_does_not_count(running: Deployment) -> None:
    said = [
        running.client("127.0.0.9").sign_in(
            USER, "a guess", **{"X-Forwarded-For": f"192.0.2.{number}"}
        )
        for number in range(12)
    ]

    assert "Too many failed login attempts" not in said[0].text
    assert "Too many failed login attempts" in said[-1].text
    elsewhere = running.client("127.0.0.10")
    assert elsewhere.sign_in(USER, PASSWORD, **{"X-Forwarded-For": "127.0.0.9"}).status == 302


def test_what_a_client_says_of_its_scheme_does_not_count(running: Deployment) -> None:
    page = running.client().get("/accounts/login/", **{"X-Forwarded-Proto": "http"})

    assert page.status == 200


def test_one_request_has_one_id_in_both_logs(running: Deployment) -> None:
    given = running.client().get("/accounts/login/", **{"X-Request-ID": "0" * 32})
    request_id = given.headers["X-Request-ID"]

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in running.logs().splitlines() if request_id in line]

    assert request_id != "0" * 32
    wait_until(lambda: len(lines()) == 2)  # nginx writes when it has answered
    assert {line["path"] for line in lines()} == {"/accounts/login/"}


def test_what_is_for_the_inside_stays_inside(running: Deployment) -> None:
    statuses = [running.client().get(path).status for path in ("/healthz", "/readyz", "/metrics")]

    assert statuses == [200, 404, 404]


def test_no_log_has_the_address_that_opens_a_screen(running: Deployment) -> None:
    key = "ThisOpensTheScreen"
    for path in (f"/display/{key}/", f"/invitations/{key}/", f"/DISPLAY/{key}/"):
        assert running.client().get(path).status == 404
        page = f"{running.url}{path}"
        running.client().get("/accounts/login/", Referer=page)

    assert key not in running.logs()
    assert "/invitations/[redacted]" in running.logs()


def test_nothing_is_upgraded_to_a_socket(running: Deployment) -> None:
    answer = running.client().get(
        "/accounts/login/", Connection="Upgrade", Upgrade="websocket", **{"Sec-WebSocket-Key": "x"}
    )

    assert answer.status == 200
    assert "Upgrade" not in answer.headers


def test_a_long_query_gets_through(running: Deployment) -> None:
    ann = running.signed_in()
    query = "&".join(f"name=image-{number:04}" for number in range(480))

    assert 7_500 < len(query) < 7_900
    assert ann.get(f"/images/?{query}").status == 200


def test_browsers_get_http_2_and_no_old_tls(running: Deployment) -> None:
    context = ssl.create_default_context(cafile=str(running.folder / "fullchain.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    client = running.client()
    connection = http.client.HTTPSConnection("localhost", client.port, context=context)
    connection.connect()

    assert isinstance(connection.sock, ssl.SSLSocket)
    assert connection.sock.selected_alpn_protocol() == "h2"
    assert connection.sock.version() == "TLSv1.3"
    connection.close()
