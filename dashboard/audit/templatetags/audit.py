"""Template filters for the words of the audit log in the reader's language."""

from __future__ import annotations

from django import template

from dashboard.audit.models import Action, AuditEntry, Word

register = template.Library()

# Actions whose subject consists of `Word`s. The subject of all others is a name that somebody gave.
IN_OUR_WORDS = (
    *(Action.SIGN_IN, Action.SIGN_OUT, Action.PASSWORD_SET),
    *(Action.FACTOR_ADD, Action.FACTOR_REMOVE),
)
ACTIONS = dict(Action.choices)
WORDS = dict(Word.choices)


@register.filter
def action_words(entry: AuditEntry) -> str:
    return str(ACTIONS.get(entry.action, entry.action))


@register.filter
def subject_words(entry: AuditEntry) -> str:
    if entry.action not in IN_OUR_WORDS:
        return entry.subject
    return ", ".join(str(WORDS.get(part, part)) for part in entry.subject.split(", "))


@register.filter
def result_words(entry: AuditEntry) -> str:
    return str(WORDS.get(entry.result, entry.result))
