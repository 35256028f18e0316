"""What each failure of the cloud means to a person, and what they can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Explanation:
    """What a failure is and what to do about it.

    `status` is the HTTP status of a page that can show nothing else. What is wrong with a token is
    in the hands of who manages it: the `advice` is theirs, and `why` is for everyone.
    """

    status: int
    title: Promise
    advice: Promise
    why: Promise | str = ""
    about_token: bool = False

    @property
    def sentence(self) -> str:
        """The title, the reason and the advice in one breath."""
        advice: Promise | str = self.advice
        if self.why:
            advice = _("%(why)s %(advice)s") % {"why": self.why, "advice": self.advice}
        return str(_("%(title)s. %(advice)s") % {"title": self.title, "advice": advice})


EXPLANATIONS = {
    "refused": Explanation(
        403,
        _("The cloud does not accept this token"),
        _("Replace it here with one that works."),
        why=_("It may have been deleted, replaced or expired in the cloud's console."),
        about_token=True,
    ),
    "forbidden": Explanation(
        403,
        _("This token is not allowed to list images"),
        _("Ask the account's administrator for permission, or use another token."),
        why=_("The cloud accepts the token but not this call."),
        about_token=True,
    ),
    "arrears": Explanation(
        402,
        _("The cloud account is in arrears"),
        _("The cloud responds again once the balance has been paid in its console."),
    ),
    "bad-request": Explanation(
        502,
        _("The cloud did not understand our request"),
        _(
            "This is an error in the dashboard, or the cloud no longer has the region. "
            "Report it with the request ID below."
        ),
    ),
    "unavailable": Explanation(
        503,
        _("The cloud is not available"),
        _("The problem is on the cloud's side. Your token is fine; try again soon."),
    ),
    "unreadable": Explanation(
        502,
        _("The cloud's response could not be read"),
        _(
            "Something other than the cloud's API may be responding at its address. Try "
            "again; if the problem persists, show this to your dashboard administrator."
        ),
    ),
    "too-large": Explanation(
        502,
        _("The cloud's response is too large"),
        _(
            "The last good list is kept. If the account really is that large, your "
            "dashboard administrator can raise the limits."
        ),
    ),
    "internal": Explanation(
        503,
        _("The dashboard itself has failed"),
        _(
            "The cloud and your token are fine. The dashboard retries automatically; if the"
            " problem persists, show this to your dashboard administrator."
        ),
    ),
    "out-of-time": Explanation(
        504,
        _("The cloud did not respond in time"),
        _("It may be slow right now. Try again in a moment."),
    ),
    "still-reading": Explanation(
        503,
        _("The list is still being read"),
        _("This is taking longer than usual. Try again in a moment."),
    ),
}
# What is said of the token in one region, and not in the others, is no more than that.
OF_A_REGION = {
    "refused": Explanation(
        403,
        _("This region does not accept the token"),
        _("The token works in other regions. This region is retried automatically."),
    ),
    "forbidden": Explanation(
        403,
        _("Not allowed to list images in this region"),
        _(
            "The token works in other regions. If you need this one, ask the account's "
            "administrator for permission; it is retried automatically."
        ),
    ),
}


def in_words(reason: str) -> str:
    """Return what a person is told of a stored reason, in the language of this moment.

    Stored in words, it would be told to everyone in that of whoever was there first. Whatever is no
    kind of failure stays as it is.
    """
    explanation = EXPLANATIONS.get(reason)
    return explanation.sentence if explanation else reason
