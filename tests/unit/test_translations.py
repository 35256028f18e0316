"""The translations are whole: every text marked in the sources, and all that its message holds."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from dashboard import messages

ROOT = Path(__file__).parents[2]
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

ALL = sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))

# How many of a call's first arguments are texts to translate.
MARKERS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
# Of these the first argument says where the text stands.
MARKERS |= {"pgettext": 2, "pgettext_lazy": 2, "npgettext": 3}
# Django writes a template's texts as such calls and blots out the rest.
TEMPLATE_CALL = re.compile(
    r"""\b(?:_|n?gettext)\((?:u?'(?:\\.|[^'\\])*'|u?"(?:\\.|[^"\\])*"|[ ,]|count)+\)"""
)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}")
ENDINGS = {".": "。", "?": "？", "!": "！", ":": "：", ")": "）", "…": "…"}
HAN = r"[\u4e00-\u9fff]"
# Half-width punctuation beside Chinese, and Chinese without a space to a Latin letter or a number.
CARELESS = re.compile(rf"{HAN}[,.:;?!()a-zA-Z0-9%{{]|[,.:;?!(a-zA-Z0-9}}]{HAN}|\)[a-z]?{HAN}")


@pytest.fixture(scope="module")
def entries() -> list[Any]:
    return list(polib.pofile(str(PO)))


def chinese(entry: Any) -> str:
    return str(entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr)


def marked(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The texts, singular and plural, that the calls in a tree want translated."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = node.args[: MARKERS.get(node.func.id, 0)]
            if texts:
                yield tuple(ast.literal_eval(text) for text in texts)


def in_sources() -> set[tuple[str, ...]]:
    python = [path for name in ("dashboard", "images") for path in (ROOT / name).rglob("*.py")]
    templates = [path for kind in ("html", "txt") for path in ROOT.glob(f"templates/**/*.{kind}")]
    code = [path.read_text("utf-8") for path in python]
    for path in templates:
        code += TEMPLATE_CALL.findall(templatize(path.read_text("utf-8"), str(path)))
    return {texts for each in code for texts in marked(ast.parse(each))}


def test_every_text_of_a_fragment_is_found_to_be_translated() -> None:
    """Django's search takes those that an expression of Jinja2 begins with."""
    for path in ROOT.glob("templates/fragments/*.html"):
        source = path.read_text("utf-8")
        found = TEMPLATE_CALL.findall(templatize(source, str(path)))
        assert len(found) == len(re.findall(r"\b_\(", source)), path.name


def test_the_translations_are_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    copy.parent.mkdir(parents=True)
    shutil.copy(PO, copy)
    monkeypatch.setattr(messages, "LOCALE", tmp_path)

    messages.main()

    with copy.with_suffix(".mo").open("rb") as compiled:
        translations = gettext.GNUTranslations(compiled)
    assert translations.gettext("Image dashboard") == "镜像看板"
    for number in (1, 2):
        found = translations.ngettext("%(total)s image", "%(total)s images", number)
        assert found == "%(total)s 个镜像"


def test_every_language_has_its_texts() -> None:
    spoken = {to_locale(code) for code, _name in settings.LANGUAGES}

    assert {path.parts[-3] for path in ALL} == spoken - {"en"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.parts[-3])
def test_every_marked_text_is_there_and_no_other(path: Path) -> None:
    entries = polib.pofile(str(path))
    there = {tuple(filter(None, (each.msgctxt, each.msgid, each.msgid_plural))) for each in entries}
    wanted = in_sources()

    # xgettext does not look into f-strings: a text marked inside of one stays missing.
    assert sorted(wanted - there) == [], "new: run `make messages` and translate them"
    assert sorted(there - wanted) == [], "gone: run `make messages`"


def test_every_entry_is_finished(entries: list[Any]) -> None:
    assert [each.msgid for each in entries if not chinese(each).strip()] == []
    assert [each.msgid for each in entries if each.fuzzy or each.obsolete] == []
    # Chinese has one form for any number.
    assert [each.msgid for each in entries if not set(each.msgstr_plural) <= {0}] == []


def test_the_placeholders_are_kept(entries: list[Any]) -> None:
    for entry in entries:
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        assert sorted(PLACEHOLDER.findall(chinese(entry))) == wanted, entry.msgid


def test_sentences_end_as_sentences_and_labels_as_labels(entries: list[Any]) -> None:
    for entry in entries:
        end = ENDINGS.get(entry.msgid[-1], "")
        found = chinese(entry)[-1:]
        assert (found if found in ENDINGS.values() else "") == end, entry.msgid


def test_punctuation_and_spaces_are_chinese(entries: list[Any]) -> None:
    assert [chinese(each) for each in entries if CARELESS.search(chinese(each))] == []
