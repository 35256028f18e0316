"""The sandbox's own endpoints, for whoever runs it as a process of its own.

No token is needed: it is a toy on the loopback.

    GET    /sandbox/tokens               the tokens and what each is for
    GET    /sandbox/images?region=bj     the truth (also &token=…)
    POST   /sandbox/images?region=bj     one image's fields as JSON: a new image; with &uuid=…, new
                                         values for that one (name, status, size, backupStorages, …)
    DELETE /sandbox/images?region=bj&uuid=…
    GET    /sandbox/calls                every request received
    DELETE /sandbox/calls
    POST   /sandbox/faults               one Fault as JSON, or a list of them
    DELETE /sandbox/faults
    POST   /sandbox/settings             any of count_mode, shape, max_limit, latency
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, get_args
from urllib.parse import parse_qsl, urlsplit

from images.sandbox.cloud import Cloud, CountMode, Shape
from images.sandbox.faults import Fault
from images.sandbox.inventory import encode
from images.sandbox.messages import JSON_TYPE, Answer, loaded


def control(cloud: Cloud, method: str, target: str, body: bytes) -> Answer:
    parts = urlsplit(target)
    doing = DOINGS.get((method, parts.path))
    if doing is None:
        return told({"error": "there is no such thing here"}, 404)
    try:
        return told(doing(cloud, dict(parse_qsl(parts.query)), loaded(body)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return told({"error": f"{type(error).__name__}: {error}"}, 400)


def told(what: object, status: int = 200) -> Answer:
    return Answer(status, (JSON_TYPE,), (encode(what).encode(),))


def tokens(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    return {
        "token": cloud.token,
        "other_token": cloud.other_token,
        "forbidden_token": cloud.forbidden_token,
        "arrears_token": cloud.arrears_token,
    }


def images(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    return cloud.images(query["region"], query.get("token"))


def put_image(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    region, token = query["region"], query.get("token")
    if "uuid" not in query:
        return cloud.add_image(region, token=token, **sent)
    cloud.change_image(region, query["uuid"], token=token, **sent)
    return {}


def remove_image(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    cloud.remove_image(query["region"], query["uuid"], token=query.get("token"))
    return {}


def calls(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    return [asdict(call) for call in cloud.calls]


def forget_calls(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    cloud.reset_calls()
    return {}


def set_faults(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    for fault in [Fault(**fields) for fields in (sent if isinstance(sent, list) else [sent])]:
        cloud.misbehave(fault)
    return {}


def clear_faults(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    cloud.clear_faults()
    return {}


def settings(cloud: Cloud, query: dict[str, str], sent: Any) -> object:
    """All of them are checked before one is set."""
    for name, value in sent.items():
        if not SETTINGS[name](value):
            raise ValueError(f"{name} cannot be {value!r}")
    for name, value in sent.items():
        setattr(cloud, name, value)
    return {}


# What may be set, and which values it takes.
SETTINGS: dict[str, Callable[[Any], bool]] = {
    "count_mode": lambda value: value in get_args(CountMode),
    "shape": lambda value: value in get_args(Shape),
    "max_limit": lambda value: value is None or (type(value) is int and value >= 0),
    "latency": lambda value: type(value) in (int, float) and value >= 0,
}

# (method, path) -> what it does with the query and the JSON that was sent
DOINGS: dict[tuple[str, str], Callable[[Cloud, dict[str, str], Any], object]] = {
    ("GET", "/sandbox/tokens"): tokens,
    ("GET", "/sandbox/images"): images,
    ("POST", "/sandbox/images"): put_image,
    ("DELETE", "/sandbox/images"): remove_image,
    ("GET", "/sandbox/calls"): calls,
    ("DELETE", "/sandbox/calls"): forget_calls,
    ("POST", "/sandbox/faults"): set_faults,
    ("DELETE", "/sandbox/faults"): clear_faults,
    ("POST", "/sandbox/settings"): settings,
}
