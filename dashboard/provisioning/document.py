"""Reading a YAML file as texts, lists and mappings that know their line.

Only what a list of teams needs is read: a file of bounded size and depth, one document, plain text,
each key once. Tags, which can make a reader build anything, and aliases, which can make a small
file huge, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

MOST_BYTES = 1024 * 1024
MOST_DEEP = 10
# Plain words that stand for nothing; in quotes they are text.
NOTHING = frozenset({"", "~", "null"})
TAGS = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}
# What looks like a secret in the wrong place is not repeated.
SECRET_LIKE = re.compile(r"[0-9A-Za-z]{32,}")
LONGEST_QUOTED = 60
FIELD = re.compile(r" - at `\$\.?(\w*).*`$")

T = TypeVar("T", bound=msgspec.Struct)


class Problem(Exception):
    """Raised where the file cannot be read or applied; `line` is the place in it."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


@dataclass(frozen=True)
class Value:
    """A value of the file and the line where it begins; `content` is None for nothing."""

    line: int
    content: str | list[Value] | dict[str, Value] | None

    def plain(self) -> Any:
        """Return the value without its lines."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, value in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain() for value in self.content]
        return self.content

    def members(self) -> dict[str, Value]:
        """Return the members of a mapping, none for nothing; raise Problem for anything else."""
        if self.content is None:
            return {}
        if not isinstance(self.content, dict):
            raise Problem(self.line, "Expected names with values (name: value).")
        return self.content


class Loader(yaml.BaseLoader):
    """PyYAML's loader that knows only texts, without aliases, and not too deep."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise Problem(mark.line + 1, "Aliases (*name) are not supported.")
        if self.depth == MOST_DEEP:
            raise Problem(mark.line + 1, "This is nested too deeply.")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read(path: Path) -> Value:
    """Return what the file holds; raise Problem if it is not the YAML that is read here."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Problem(1, f"The file cannot be read: {error.strerror}.") from None
    if len(data) > MOST_BYTES:
        raise Problem(1, f"The file is larger than {MOST_BYTES // 1024} KiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Problem(line, "The file is not UTF-8.") from None
    return _composed(text)


def _composed(text: str) -> Value:
    try:
        loader = Loader(text)
        node = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Problem(line, "There is a character that YAML does not allow.") from None
    except yaml.MarkedYAMLError as error:
        # Without the lines around it, which PyYAML quotes: nobody knows what is in them.
        mark = error.problem_mark or error.context_mark
        raise Problem(mark.line + 1 if mark else 1, f"Not YAML: {error.problem}.") from None
    if node is None:
        raise Problem(1, "The file is empty.")
    return _value(node)


def _value(node: yaml.Node) -> Value:
    line = node.start_mark.line + 1
    if node.tag != TAGS[type(node)]:
        raise Problem(line, "Tags (!name) are not supported.")
    if isinstance(node, yaml.MappingNode):
        return Value(line, _members(node))
    if isinstance(node, yaml.SequenceNode):
        return Value(line, [_value(each) for each in node.value])
    nothing = isinstance(node, yaml.ScalarNode) and not node.style and node.value in NOTHING
    return Value(line, None if nothing else node.value)


def _members(node: yaml.MappingNode) -> dict[str, Value]:
    members: dict[str, Value] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag != TAGS[yaml.ScalarNode]:
            raise Problem(line, "A name has to be plain text.")
        if key.value in members:
            raise Problem(line, f"{quoted(key.value)} is here twice.")
        found = _value(value)
        # What is written below its name is looked for at the name.
        members[key.value] = Value(line, found.content)
    return members


def converted(value: Value, kind: type[T]) -> T:
    """Return the mapping as a struct of this kind; raise Problem for whatever it does not have."""
    members = value.members()
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    for name, member in members.items():
        if name not in known:
            said = f"{quoted(name)} is not known here. Known are {', '.join(sorted(known))}."
            raise Problem(member.line, said)
    try:
        return msgspec.convert(value.plain() or {}, kind, strict=False)
    except msgspec.ValidationError as error:
        said = str(error)
        place = FIELD.search(said)
        name = place[1] if place else ""
        line = members[name].line if name in members else value.line
        text = FIELD.sub("", said).replace("`", "")
        raise Problem(line, f"{name}: {text}." if name else f"{text}.") from None


def quoted(text: str) -> str:
    """Return the text in quotes, in one line, and cut where it is long or looks like a secret."""
    if SECRET_LIKE.search(text):
        return "What looks like a secret"
    return repr(text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…")
