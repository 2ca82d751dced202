"""Find what breaks the language rules: ``python -m tests.language src/partimento/io``.

The rules that can be counted (CONTRIBUTING.md, "Language"): the first line of a docstring, the
length and the beginning of its sentences, words to avoid, and names that say how a value came
about instead of what it holds.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

FIRST_LINE = 80  # characters
SENTENCE = 25  # words
VERBS = frozenset(
    [
        "abandon",
        "accept",
        "accumulate",
        "add",
        "adjust",
        "advance",
        "align",
        "allocate",
        "allow",
        "analyze",
        "animate",
        "annotate",
        "answer",
        "append",
        "apply",
        "arrange",
        "ask",
        "assemble",
        "assert",
        "assign",
        "attach",
        "average",
        "balance",
        "batch",
        "begin",
        "bind",
        "block",
        "break",
        "bring",
        "build",
        "cache",
        "calculate",
        "call",
        "cap",
        "carry",
        "cast",
        "center",
        "chain",
        "change",
        "charge",
        "check",
        "choose",
        "clamp",
        "classify",
        "clean",
        "clear",
        "clip",
        "close",
        "code",
        "collect",
        "color",
        "combine",
        "compare",
        "compile",
        "complete",
        "compose",
        "harmonise",
        "vary",
        "compress",
        "compute",
        "concatenate",
        "configure",
        "connect",
        "construct",
        "continue",
        "convert",
        "copy",
        "correct",
        "count",
        "cover",
        "create",
        "crop",
        "cross",
        "cut",
        "decide",
        "declare",
        "decode",
        "delete",
        "deliver",
        "derive",
        "describe",
        "detect",
        "determine",
        "diagnose",
        "discard",
        "display",
        "distribute",
        "divide",
        "download",
        "drain",
        "draw",
        "drop",
        "dump",
        "duplicate",
        "embed",
        "emit",
        "empty",
        "enable",
        "encode",
        "end",
        "engrave",
        "ensure",
        "enter",
        "enumerate",
        "erase",
        "escape",
        "estimate",
        "evaluate",
        "evolve",
        "examine",
        "execute",
        "exit",
        "expand",
        "expect",
        "explain",
        "export",
        "expose",
        "extend",
        "extract",
        "fail",
        "fall",
        "feed",
        "fetch",
        "fill",
        "filter",
        "find",
        "finish",
        "fit",
        "flag",
        "fix",
        "flatten",
        "flip",
        "fold",
        "follow",
        "force",
        "format",
        "forward",
        "free",
        "freeze",
        "gather",
        "generate",
        "get",
        "give",
        "go",
        "greet",
        "group",
        "grow",
        "guard",
        "guess",
        "halve",
        "handle",
        "hash",
        "hide",
        "hold",
        "identify",
        "ignore",
        "import",
        "improve",
        "include",
        "increase",
        "indent",
        "index",
        "infer",
        "initialize",
        "insert",
        "inspect",
        "install",
        "interpolate",
        "invert",
        "issue",
        "iterate",
        "join",
        "judge",
        "jump",
        "keep",
        "kill",
        "know",
        "label",
        "launch",
        "lay",
        "leave",
        "let",
        "lift",
        "lighten",
        "limit",
        "link",
        "list",
        "listen",
        "load",
        "locate",
        "lock",
        "log",
        "look",
        "loop",
        "lower",
        "make",
        "manage",
        "map",
        "mark",
        "mask",
        "match",
        "measure",
        "merge",
        "move",
        "multiply",
        "name",
        "narrow",
        "normalize",
        "note",
        "notify",
        "number",
        "offer",
        "omit",
        "open",
        "order",
        "pack",
        "pad",
        "page",
        "parse",
        "pass",
        "paste",
        "patch",
        "pause",
        "perform",
        "permit",
        "pick",
        "place",
        "plan",
        "play",
        "plot",
        "point",
        "pop",
        "prefer",
        "prepare",
        "prevent",
        "print",
        "process",
        "produce",
        "project",
        "prompt",
        "prove",
        "provide",
        "pull",
        "punctuate",
        "purge",
        "push",
        "put",
        "quantize",
        "quote",
        "raise",
        "rank",
        "rate",
        "reach",
        "read",
        "rebuild",
        "receive",
        "recognize",
        "record",
        "reduce",
        "refer",
        "refuse",
        "register",
        "reject",
        "release",
        "remember",
        "remove",
        "rename",
        "render",
        "reorder",
        "repair",
        "repeat",
        "replace",
        "reply",
        "report",
        "request",
        "require",
        "reserve",
        "reset",
        "resolve",
        "restore",
        "restrict",
        "resume",
        "return",
        "reverse",
        "rewrite",
        "rotate",
        "round",
        "run",
        "sample",
        "save",
        "say",
        "scale",
        "scan",
        "scatter",
        "schedule",
        "score",
        "scroll",
        "search",
        "see",
        "seed",
        "select",
        "send",
        "separate",
        "serialize",
        "serve",
        "set",
        "shape",
        "share",
        "shift",
        "shorten",
        "show",
        "shrink",
        "shuffle",
        "simplify",
        "size",
        "skip",
        "slice",
        "smooth",
        "snap",
        "solve",
        "sort",
        "spell",
        "split",
        "spread",
        "stack",
        "standardize",
        "start",
        "state",
        "step",
        "stop",
        "store",
        "strip",
        "style",
        "subtract",
        "suggest",
        "summarize",
        "sum",
        "support",
        "sweep",
        "switch",
        "tabulate",
        "take",
        "tell",
        "terminate",
        "test",
        "tie",
        "time",
        "title",
        "toggle",
        "tokenize",
        "trace",
        "track",
        "train",
        "transcribe",
        "transform",
        "translate",
        "transpose",
        "traverse",
        "treat",
        "trim",
        "truncate",
        "try",
        "turn",
        "undo",
        "unfold",
        "unpack",
        "update",
        "upgrade",
        "use",
        "validate",
        "verify",
        "view",
        "visit",
        "wait",
        "walk",
        "warn",
        "watch",
        "weigh",
        "widen",
        "wrap",
        "write",
        "yield",
        "zero",
    ]
)
STARTS = ("Of", "What", "Whose", "So")
WORDS = re.compile(
    r"\b(foretell\w*|foretold|foresee\w*|told|tells? of|mend(?:s|ed|ing)?|goes on with|"
    r"tak(?:e|es|en) up again|held against|laid beside|lays? beside|lie beside|"
    r"(?:nats|events?|notes|tokens|steps|bits) an? (?:event|piece|second|note|step|quarter|epoch)|"
    r"once a \w+|so many \w+ as|comes? along with|comes along|for ever|likeliest to)\b",
    re.IGNORECASE,
)
NAMES = frozenset(["told", "foretold", "said", "asked", "given", "made"])
SPELLINGS = re.compile(r"(?:^|_)(metre|licence|colour|normalise|quantise|optimiser)", re.IGNORECASE)

Fault = tuple[Path, int, str]


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a docstring's prose; code, tables and headings are left out."""
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        prose = stripped and not re.match(r">>>|\.\.\.|\||[-=]{3,}|\* |- |\d+\. ", stripped)
        prose = prose and not re.search(r"\S {3,}\S|→.*→|^\w[\w*, ]* : ", stripped)
        if (
            prose and not (line.startswith(" " * 8) and not paragraph and ":" not in line[:4])
        ) or prose:
            paragraph.append(stripped)
        else:
            yield from re.split(r"(?<=[.!?:;])\s+(?=[A-Z`\"(])", " ".join(paragraph))
            paragraph = []


def docstring_faults(node: ast.AST, path: Path) -> Iterator[Fault]:
    """Yield the faults of one docstring."""
    text = ast.get_docstring(node, clean=True)  # type: ignore[arg-type]
    if not text:
        return
    line = node.body[0].lineno  # type: ignore[attr-defined]
    first = text.splitlines()[0]
    if len(first) > FIRST_LINE:
        yield path, line, f"first line of {len(first)} characters: {first}"
    if not re.search(r"[.:!?]$|::$", first):
        yield path, line, f"the first line is no whole sentence: {first}"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
        verb = re.match(r"[A-Za-z]*", first)[0]  # type: ignore[index]
        if verb.lower() not in VERBS:
            yield path, line, f"does not begin with an imperative verb: {first}"
    for sentence in sentences(text):
        words = re.findall(r"[^\s]*\w[^\s]*", sentence)
        if len(words) > SENTENCE:
            yield path, line, f"sentence of {len(words)} words: {sentence}"
        if words and words[0].strip('`("') in STARTS:
            yield path, line, f"begins with {words[0]}: {sentence}"
    for match in WORDS.finditer(text):
        yield path, line, f"says {match[0]!r}"


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a function is read like an attribute: its docstring may be a noun phrase."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"property", "cached_property", "setter", "fixture"})


def faults(path: Path) -> Iterator[Fault]:
    """Yield the faults of one file."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from docstring_faults(node, path)
        name = node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None
        name = node.arg if isinstance(node, ast.arg) else name
        name = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else name
        if name in NAMES:
            yield path, node.lineno, f"the name {name!r} does not say what it holds"
        if name and SPELLINGS.search(name):
            yield path, node.lineno, f"the name {name!r} is spelt in the British way"
    for number, line in enumerate(source.splitlines(), 1):
        comment = re.search(r"(?:^|\s)# (.*)", line)
        if comment and (match := WORDS.search(comment[1])):
            yield path, number, f"a comment says {match[0]!r}"


def main() -> None:
    places = [Path(place) for place in sys.argv[1:] or ["src/partimento"]]
    files = [
        file
        for place in places
        for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    ]
    count = 0
    for file in files:
        for path, line, text in faults(file):
            print(f"{path}:{line}: {text}")
            count += 1
    print(f"{count} faults in {len(files)} files")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
