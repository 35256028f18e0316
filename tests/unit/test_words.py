"""What people read says one word for one thing, in both languages, and none of those given up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parents[2]
CATALOGUE = polib.pofile(str(ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))

# What is not said, as a pattern, and what is said instead.
ENGLISH = {
    r"\bmake (the|a|an|new) (\w+ )?(key|team|link|account|token|code)": "create, generate",
    r"” is (made|stored|saved|replaced|deleted|revoked)\.": "was created, saved, …",
    r"\bmade by\b|\btoken made\b|\bbeing made\b": "created",
    r"\btake it back\b": "restore previous token",
    r"\bmay not list\b": "not allowed to list images",
    r"\bwho (lists|may list|sees)\b": "visible to",
    r"\blast day\b(?! \(UTC\))": "expires on",
    r"\bpick(ed)?\b": "3 selected, Clear",
    r"^of what$|^whose$|^from where$": "action, object, owner, IP address",
    r"\btidying up\b": "clean-up candidates",
    r"\bname them\b": "list them",
    r"\bhow fresh\b": "data freshness",
    r"\bas the system has it\b": "system",
    r"\bonly (now|new)\b": "would disappear, would appear",
    r"\bfits? these filters\b|\bstart over\b": "no matches; remove a filter, or clear all",
    r"\bnot known\b(?! yet)": "unknown",
    r"\bof \S+ down\b": "unavailable",
    r"^what changed$": "changes",
    r"\bwall screen\b": "wall",
    r"\bwhoever\b": "anyone who, the person who",
    r"\bruns (this|the) dashboard\b": "dashboard administrator",
    r"\bswitch(es|ed)? (it )?(off|on)\b": "turn off, deactivate",
    r"\btwo-step\b|\bsecond step\b": "two-factor authentication",
    r"\bby itself\b": "automatically",
    r"(?<!\()\bvanish": "disappear",
    r"\b(cannot|could not) be followed\b": "not valid",
}
CHINESE = {
    "您": "你",
    "检测": "检查",
    "云端": "云平台",
    "(?<!平台)(?<!其)控制台|本站": "看板",
    "恢复代码": "恢复码",
    "答复|应答": "响应",
    "区域": "地域",
    "[0-9}s] (秒|分钟|小时|天)前": "30秒前",
    "两步登录": "两步验证",
    "最后一天(?!（)": "到期日",
    "^列$": "列设置",
}


def in_python() -> Iterator[str]:
    """The sentences of commands, which are not translated."""
    for path in (ROOT / "dashboard").rglob("management/commands/*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        documents = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text not in documents:
                yield text


def in_templates() -> Iterator[str]:
    """What stands between the tags, whether it is translated or not."""
    for path in (ROOT / "templates").rglob("*.html"):
        source = re.sub(
            r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text("utf-8"), flags=re.S
        )
        for tag in ("{{.*?}}", "{%.*?%}", "<.*?>"):
            source = re.sub(tag, "\n", source, flags=re.S)
        yield from filter(None, map(str.strip, source.splitlines()))


def in_documents() -> Iterator[str]:
    """The lines of what operators and contributors read, but for names and commands."""
    texts = [*ROOT.glob("docs/*.md"), *map(ROOT.joinpath, ("README.md", "SECURITY.md"))]
    for path in [*texts, ROOT / "CONTRIBUTING.md"]:
        source = re.sub(r"```.*?```|^    .*$", "", path.read_text("utf-8"), flags=re.S | re.M)
        for line in re.sub(r"`[^`]*`", "…", source).splitlines():
            yield line.strip()


def in_deployment() -> Iterator[str]:
    """The comments of the files that a deployment is made with."""
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file() and path.suffix not in (".json", ".png"):
            yield from re.findall(r"#\s(.*)", path.read_text("utf-8"))


def english() -> list[str]:
    catalogue = [text for each in CATALOGUE for text in (each.msgid, each.msgid_plural) if text]
    written = (*in_python(), *in_templates(), *in_documents(), *in_deployment())
    return [*catalogue, *written]


def chinese() -> list[str]:
    return [
        text for each in CATALOGUE for text in (each.msgstr, *each.msgstr_plural.values()) if text
    ]


@pytest.mark.parametrize(("given_up", "said"), ENGLISH.items(), ids=ENGLISH.values())
def test_english_says_one_word_for_one_thing(given_up: str, said: str) -> None:
    found = [text for text in english() if re.search(given_up, text, re.IGNORECASE)]
    assert found == [], f"say: {said}"


@pytest.mark.parametrize(("given_up", "said"), CHINESE.items(), ids=CHINESE.values())
def test_chinese_says_one_word_for_one_thing(given_up: str, said: str) -> None:
    assert [text for text in chinese() if re.search(given_up, text)] == [], f"say: {said}"
