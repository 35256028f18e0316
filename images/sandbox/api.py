"""The vendor's endpoints, as its documents describe them."""

import json
from typing import Any

from images.sandbox import inventory
from images.sandbox.cloud import Account, Cloud
from images.sandbox.inventory import encode
from images.sandbox.messages import READS, WRITES, Answer, Request, failure, html, success

REFUSED_TOKEN, MISSING, INVALID, FORBIDDEN = 4, 13, 1, 10000001


def answer(cloud: Cloud, request: Request) -> Answer:
    """Return the good answer to any request."""
    if request.endpoint in WRITES:
        return failure(FORBIDDEN)
    if request.endpoint not in READS:
        return html(404, "404 Not Found")
    account = cloud.accounts.get(request.token)
    if account is None:
        return failure(REFUSED_TOKEN)
    errno = account.refused.get("*") or account.refused.get(request.endpoint) or wrong(request)
    if errno:
        return failure(errno)
    if request.endpoint == "region/list":
        return success(encode(cloud.regions()).encode())
    if request.endpoint == "image/list":
        return success(encode(inventory.standard_images()).encode())
    if request.endpoint == "result":
        return success(encode(results(cloud, account, request)).encode())
    return success(page(cloud, account, request))


def wrong(request: Request) -> int:
    """Return the errno for what is wrong with the parameters, 0 for nothing."""
    if request.params is None:
        return MISSING
    if request.endpoint == "region/list":
        return 0
    if not request.region:
        return MISSING
    if request.region not in inventory.REGION_IDS:
        return INVALID
    if request.endpoint == "cimg/list":
        start, limit = request.whole("start"), request.whole("limit")
        if start is None or limit is None:
            return MISSING
        if start < 0 or limit < 0 or not isinstance(names_in(request), list | None):
            return INVALID
    return 0


def names_in(request: Request) -> Any:
    """Return the `condition.names` of a request, None without; `wrong` has checked them."""
    condition = (request.params or {}).get("condition")
    return condition.get("names") if isinstance(condition, dict) else condition


def page(cloud: Cloud, account: Account, request: Request) -> bytes:
    """`cimg/list`: the data, `count` and `shape` as the cloud is set."""
    now = cloud.clock()
    shelf = account.shelves[request.region or ""]
    shelf.settle(now)
    start, limit = request.whole("start") or 0, request.whole("limit") or 0
    if cloud.max_limit is not None:
        limit = min(limit, cloud.max_limit)
    names = names_in(request)
    if names is None:
        found = shelf.page(start, start + limit, now)
        total = len(shelf.slots)
    else:
        named = [raw for raw in shelf.page(0, None, now) if json.loads(raw)["name"] in names]
        found = named[start : start + limit]
        total = len(named)
    items = b"[" + b",".join(found) + b"]"
    if cloud.shape == "array":
        return items
    counts = {"total": total, "page": len(found), "wrong": wrong_count(start, limit, total)}
    return b'{"count":%d,"items":%s}' % (counts[cloud.count_mode], items)


def wrong_count(start: int, limit: int, total: int) -> int:
    """Return a count that is too small and too large by turns, the same for the same page."""
    return (0, total + 1000, 1, total // 2, total * 10 + 7)[start // (limit or 1) % 5]


def results(cloud: Cloud, account: Account, request: Request) -> list[dict[str, Any]]:
    """Answer `result`: the jobs asked for. Those nobody knows are left out."""
    now = cloud.clock()
    jobs = account.shelves[request.region or ""].jobs
    return [job.at(now) for job in jobs if job.uuid in request.jobs]
