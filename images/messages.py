"""What each failure of the cloud means to a person, and what they can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Explanation:
    """`status` is the HTTP status of a page that can show nothing else."""

    status: int
    title: Promise
    advice: Promise
    about_token: bool = False

    @property
    def sentence(self) -> str:
        """The title and the advice in one breath."""
        return str(_("%(title)s. %(advice)s") % {"title": self.title, "advice": self.advice})


EXPLANATIONS = {
    "refused": Explanation(
        403,
        _("The cloud does not accept this token"),
        _(
            "It may have been deleted or replaced in the cloud's console. "
            "Replace it here with one that works."
        ),
        about_token=True,
    ),
    "forbidden": Explanation(
        403,
        _("This token may not list images"),
        _(
            "The cloud accepts the token but not this call. Ask the account's administrator "
            "for the permission, or use another token."
        ),
        about_token=True,
    ),
    "arrears": Explanation(
        402,
        _("The cloud account is in arrears"),
        _("The cloud answers again once the account has been paid up in its console."),
    ),
    "bad-request": Explanation(
        502,
        _("The cloud did not understand our request"),
        _(
            "This is a fault of the dashboard, or of a region the cloud no longer knows. "
            "Please report it with the request id below."
        ),
    ),
    "unavailable": Explanation(
        503,
        _("The cloud is not available"),
        _("The trouble is on the cloud's side. Nothing is wrong with your token; try again soon."),
    ),
    "unreadable": Explanation(
        502,
        _("The cloud's answer could not be read"),
        _(
            "Something other than the cloud's API may be answering at its address. Try again; "
            "if it stays, show this to whoever runs the dashboard."
        ),
    ),
    "too-large": Explanation(
        502,
        _("The cloud's answer is larger than what is read here"),
        _(
            "What was known before stays. If the account really is that large, whoever runs the "
            "dashboard can raise the limits."
        ),
    ),
    "internal": Explanation(
        503,
        _("The dashboard itself has failed"),
        _(
            "Nothing is wrong with the cloud or your token. It tries again by itself; "
            "if it stays, show this to whoever runs the dashboard."
        ),
    ),
    "out-of-time": Explanation(
        504,
        _("The cloud did not answer in time"),
        _("It may be slow just now. Try again in a moment."),
    ),
    "still-reading": Explanation(
        503,
        _("The list is still being read"),
        _("That takes longer than usual just now. Try again in a moment."),
    ),
}
# What is said of the token in one region, and not in the others, is no more than that.
OF_A_REGION = {
    "refused": Explanation(
        403,
        _("This region does not accept the token"),
        _("The cloud accepts it elsewhere. The region is asked again by itself."),
    ),
    "forbidden": Explanation(
        403,
        _("Not allowed to list images in this region"),
        _(
            "The token works elsewhere. If this region is needed, ask the account's administrator "
            "for the permission; the region is asked again by itself."
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
