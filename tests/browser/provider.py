"""A small OpenID Connect provider: discovery, authorization code with PKCE, RS256, user facts."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "dashboard", "a secret of two"


class Provider(ThreadingHTTPServer):
    """`facts` is whoever signs in next, `lies` what the next id token says instead of the truth,
    `discovery` what the provider says of itself beside the truth; None there is left out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.facts: dict[str, Any] = {"sub": "1"}
        self.lies: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.broken = False
        self.asked: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Provider:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/.well-known/openid-configuration":
            self._answer(self._configuration())
        elif path == "/authorize":
            code = secrets.token_urlsafe(16)
            self.server.asked[code] = asked
            back = urlencode({"code": code, "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif path == "/userinfo":
            self._answer(self.server.facts)
        else:
            self._answer({}, 404)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        sent = {name: each[0] for name, each in parse_qs(self.rfile.read(length).decode()).items()}
        asked = self.server.asked.pop(sent.get("code", ""), None)
        if self.server.broken or asked is None or not self._is_ours(sent, asked):
            self._answer({"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {"iss": self.server.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60}
        claims |= {"sub": self.server.facts["sub"], **self.server.lies}
        id_token = jwt.encode(claims, self.server.key, "RS256", {"kid": "1"})
        access = secrets.token_urlsafe(16)
        self._answer({"access_token": access, "token_type": "Bearer", "id_token": id_token})

    def _is_ours(self, sent: dict[str, str], asked: dict[str, str]) -> bool:
        """The client's secret, and the verifier of the challenge (RFC 7636)."""
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return (
            (sent.get("client_id"), sent.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
            and asked.get("code_challenge") == challenge
            and asked.get("code_challenge_method") == "S256"
        )

    def _configuration(self) -> dict[str, Any]:
        url = self.server.url
        truth = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "jwks_uri": f"{url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        said = truth | self.server.discovery
        return {name: value for name, value in said.items() if value is not None}

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
