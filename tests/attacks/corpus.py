"""Read the corpus: what each attack tries and what must happen stands at the head of its file.

The form of that docstring: one line that says what it is, then

    Tries: what it does.
    Must: key: value; key: value
    Must (restricted): key: value       what differs at one tier
    Outside: harmless | destructive     whether it may be run without isolation
    Uses: channels                      what of `shared/` stands before its source

Keys of an attack or an honest control: `status` and `points` of the attacked exercise, alternatives separated by `|`;
`exercise`, if it is not moco.enqueue; `others: any`, if it may spoil the exercises that come after it in its own
notebook; `message`, a text that a check says; `hidden-silent`, a text that no hidden check may say; `gone`, names of
files that must be nowhere; `short: yes`, if its line in the journal must stay below 100 kB; `flag`, a text that the
staff must be told in a flag; `unflagged: yes`, if nothing may be flagged as to be looked at.

Keys of a builder in `files/`: `outcome` (`graded`, `unreadable`, `nothing`) and `score` (`full`, `without enqueue`, or
a number) of all whom it hands in for, except those that are named under `beside`: these have full points; `says`, a
text among their flags; `short`.

The rest of an attack is the source of the exercise's cell; `# %%` begins another cell, `# %% id` one with that id.
`@NAME@` is replaced by what the runner has planted: the strongest attacker is one who knows where to look.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FAMILIES = ("tamper", "search", "forge", "resources", "reach", "honest", "files")
KEYS = {
    "status", "points", "exercise", "others", "message", "hidden-silent", "gone", "short", "flag",
    "unflagged",
    "outcome", "score", "beside", "says",
}  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """One file of the corpus.

    Attributes:
        name: family and file, `forge/verdict`.
        harmless: whether it may be run without isolation.
    """

    name: str
    title: str
    tries: str
    source: str
    harmless: bool
    musts: Mapping[str, Mapping[str, str]]

    @property
    def family(self) -> str:
        """The folder it lies in."""
        return self.name.split("/")[0]

    @property
    def student(self) -> str:
        """The name under which it is handed in."""
        return self.name.replace("/", "-")

    @property
    def exercise(self) -> str:
        """The exercise that it attacks."""
        return self.musts[""].get("exercise", "moco.enqueue")

    def must(self, tier: str, key: str) -> list[str]:
        """What must happen, as alternatives; empty if nothing is said."""
        said = {**self.musts[""], **self.musts.get(tier, {})}.get(key, "")
        return [part.strip() for part in said.split("|")] if said else []

    def cells(self, planted: Mapping[str, object]) -> list[tuple[str, str]]:
        """(id, source) of its cells."""
        source = self.source
        for name, value in planted.items():
            source = source.replace(f"@{name}@", str(value))
        own = self.exercise.replace(".", "-")
        parts = re.split(r"^# %%[ \t]*(\S*)[ \t]*\n", source, flags=re.MULTILINE)
        if len(parts) == 1:
            return [(own, source)]
        return list(zip(parts[1::2], parts[2::2], strict=True))

    def build(self, folder: Path) -> None:
        """Let a builder of `files/` write what it hands in."""
        path = HERE / f"{self.name}.py"
        spec = importlib.util.spec_from_file_location(f"attacks.{self.student}", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build(folder)


def corpus() -> list[Attack]:
    """All attacks and controls, by name."""
    return [read(path) for family in FAMILIES for path in sorted((HERE / family).glob("*.py"))]


def read(path: Path) -> Attack:
    """One file. Raises `ValueError` if its docstring does not have the form."""
    text = path.read_text(encoding="utf-8")
    head = ast.parse(text).body[0]
    if not isinstance(head, ast.Expr) or not isinstance(head.value, ast.Constant) or head.end_lineno is None:
        raise ValueError(f"{path}: has no docstring")
    title, *lines = str(head.value.value).strip().splitlines()
    fields: dict[str, str] = {}
    for line in lines:
        if match := re.match(r"([A-Z]\w+(?: \(\w+\))?): (.*)", line):
            fields[match[1]] = match[2]
        elif line.strip():
            fields[list(fields)[-1]] += " " + line.strip()
    musts = {}
    for name, said in fields.items():
        if match := re.fullmatch(r"Must(?: \((\w+)\))?", name):
            pairs = [part.split(":", 1) for part in said.split(";")]
            musts[match[1] or ""] = {key.strip(): value.strip() for key, value in pairs}
    unknown = {key for must in musts.values() for key in must} - KEYS
    if "Tries" not in fields or "" not in musts or unknown:
        raise ValueError(f"{path}: needs `Tries:` and `Must:`, and does not know {unknown}")
    source = "\n".join(text.splitlines()[head.end_lineno :]).strip("\n") + "\n"
    if used := fields.get("Uses"):
        source = f"{(HERE / 'shared' / used).with_suffix('.py').read_text(encoding='utf-8')}\n\n{source}"
    name = f"{path.parent.name}/{path.stem}"
    return Attack(name, title, fields["Tries"], source, fields.get("Outside") == "harmless", musts)
