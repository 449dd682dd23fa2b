"""Finds names and prose that are not the field's standard terms.

`python -m tests.contracts.names [PATH …]` prints every finding, one a line.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = frozenset(
    [
        "one",
        "some",
        "said",
        "told",
        "wanted",
        "found",
        "known",
        "facts",
        "asked",
        "heard",
        "alike",
        "anew",
        "beside",
        "held",
        "given",
        "kept",
        "sign",
        "signs",
        "seen",
        "wish",
        "sent",
        "like",
        "again",
        "way",
        "what",
        "who",
        "whom",
    ]
)
"""Names that say nothing of what they hold: the noun of the thing stands there instead."""
PARTS = frozenset(
    [
        "said",
        "told",
        "telling",
        "tells",
        "saying",
        "brought",
        "bringing",
        "brings",
        "hears",
        "heard",
        "letter",
        "letters",
        "trail",
        "reckon",
        "reckoned",
        "beside",
        "anew",
        "alike",
        "whoever",
        "asking",
        "unstated",
        "rooms",
        "house",
        "walls",
    ]
)
"""Words that no part of a name may be; each has a standard term."""
PROSE = (
    r"rooms?", r"walls", r"check signs?", r"letters?", r"told", r"tells?", r"telling", r"hears?", r"heard",
    r"brings?", r"bringing", r"brought", r"so many", r"alike", r"beside", r"anew", r"reckon\w*", r"put right",
    r"puts right", r"gone on with", r"let go", r"waits? in a circle", r"trail", r"who(?:m)? asks", r"whoever",
    r"(?:None|True|False|empty|0|nothing) where", r"where (?:there|it|none|nothing|they|nobody) (?:is|are|was|has)",
    r"where an?", r"where no", r"mend(?:s|ed|ing)?", r"vouch\w*", r"doings?", r"told apart",
)  # fmt: skip
"""Words of a private dialect in docstrings and comments, and "where" for a condition."""
STORED = frozenset(
    {
        *(("app/shelters/models/beds.py", "held"), ("app/shelters/rules.py", "held")),
        *(("app/shelters/schemas/answers.py", "held"), ("app/counts/schemas/answers.py", "sent")),
        *(
            ("app/returns/schemas/bodies.py", "signs"),
            ("app/consultations/schemas/answers.py", "trail"),
        ),
        ("app/returns/schemas/bodies.py", "child_heard"),
        *(("app/referrals/rules/states.py", "SENT"), ("app/referrals/rules/states.py", "SEEN")),
    }
)
"""Names of columns, of promised JSON fields and of stored states: `held` beds, referrals `sent`, the state `seen`.

Also the `signs` of a return, and a consultation's `trail`.
"""
ALLOWED = re.compile(
    r"capital letters?|small letters?|letters? and (?:digits|numbers)|of letters", re.I
)
DIALECT = re.compile(rf"\b(?:{'|'.join(PROSE)})\b", re.I)


@dataclass(frozen=True)
class Finding:
    """What is wrong with which line."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.what}"


def sources(paths: Iterable[Path]) -> list[Path]:
    """Return all Python files of these files and folders, in order, without this list of words."""
    files = {f for path in paths for f in ([path] if path.is_file() else path.rglob("*.py"))}
    return sorted(files - {Path(__file__).resolve()})


def findings(paths: Iterable[Path]) -> Iterator[Finding]:
    """Yield every name and every line of prose that is not standard."""
    for path in sources(paths):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        file = path.relative_to(ROOT).as_posix()
        for line, name in _names(tree):
            if _is_dialect(name) and (file, name) not in STORED:
                yield Finding(path, line, f"name {name}")
        for line, prose in (*_docstrings(tree), *_comments(text)):
            for match in DIALECT.finditer(ALLOWED.sub("", prose)):
                yield Finding(path, line, f"prose “{match[0]}”: {prose.strip()[:90]}")


def repeated_classes(paths: Iterable[Path]) -> dict[str, int]:
    """Return names of classes that are defined more than once, with the number."""
    trees = (ast.parse(path.read_text("utf-8")) for path in sources(paths))
    names = Counter(n.name for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    return {name: count for name, count in sorted(names.items()) if count > 1}


def _is_dialect(name: str) -> bool:
    plain = name.strip("_").lower()
    return plain in WHOLE or not PARTS.isdisjoint(plain.split("_"))


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def _docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            for offset, line in enumerate(node.value.value.split("\n")):
                yield node.lineno + offset, line


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


if __name__ == "__main__":
    paths = [Path(name).resolve() for name in sys.argv[1:]] or [ROOT / "app"]
    for finding in findings(paths):
        sys.stdout.write(f"{finding}\n")
    for name, count in repeated_classes(paths).items():
        sys.stdout.write(f"class {name}: defined {count} times\n")
