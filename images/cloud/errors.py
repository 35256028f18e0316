"""What can go wrong between us and the cloud.

    CloudError
    ├── Refused        the token is not accepted                     errno 4
    ├── Forbidden      the token is good but may not do this         errno 10000001
    ├── Arrears        the account has not paid                      errno 1000011
    ├── BadRequest     we asked for something wrong                  errno 1, 13
    ├── Unavailable    the cloud's trouble: errno 2, 3, 40000, 41026, 16000002 and unknown numbers,
    │                  an HTTP error without an errno, no connection
    ├── Unreadable     an answer that is not what the documents say
    ├── TooLarge       more than we read: of regions, images or bytes
    │   └── AnswerTooLarge  of bytes in one answer
    ├── OutOfTime      the deadline passed
    ├── StillReading   another caller is asking, for longer than one waits for it
    └── Internal       a fault of ours: the process that reads died, or what it read was not kept

Numbers and their meaning are the vendor's (errno table of the open API documents).
"""

from __future__ import annotations


class CloudError(Exception):
    """A call failed. `passing` tells whether the same call may succeed a moment later."""

    kind = "error"

    def __init__(
        self,
        errmsg: str = "",
        *,
        errno: int | None = None,
        request_id: str = "",
        http_status: int | None = None,
        passing: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(errmsg)
        self.errmsg = errmsg
        self.errno = errno
        self.request_id = request_id
        self.http_status = http_status
        self.passing = passing
        self.retry_after = retry_after  # seconds the cloud asked us to wait

    def __str__(self) -> str:
        facts = (
            ("errno", self.errno),
            ("HTTP", self.http_status),
            ("requestId", self.request_id or None),
        )
        named = ", ".join(f"{name} {value}" for name, value in facts if value is not None)
        return f"{self.kind}: {self.errmsg}" + (f" ({named})" if named else "")


class Refused(CloudError):
    kind = "refused"


class Forbidden(CloudError):
    kind = "forbidden"


class Arrears(CloudError):
    kind = "arrears"


class BadRequest(CloudError):
    kind = "bad-request"


class Unavailable(CloudError):
    kind = "unavailable"


class Unreadable(CloudError):
    kind = "unreadable"


class TooLarge(CloudError):
    kind = "too-large"


class AnswerTooLarge(TooLarge):
    pass


class OutOfTime(CloudError):
    kind = "out-of-time"


class StillReading(CloudError):
    kind = "still-reading"


class Internal(CloudError):
    kind = "internal"


ERRORS_BY_ERRNO: dict[int, type[CloudError]] = {
    1: BadRequest,
    4: Refused,
    13: BadRequest,
    1000011: Arrears,
    10000001: Forbidden,
}
# The cloud's own trouble, worth asking again at once.
PASSING_ERRNOS = frozenset({2, 3, 40000, 41026, 16000002})
