"""MusicXML files whose documents are compared, and ways to compare them."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

CASES = Path(__file__).parents[2] / "cases"
RICH = CASES / "w-rich.musicxml"


def content(root: Any) -> list[Any]:
    """Return tags, attributes and text of all elements, in order."""
    return [(e.tag, sorted(e.attrib.items()), (e.text or "").strip()) for e in root.iter()]


def scores_of_asap(folder: Path) -> list[Path]:
    """Return the 39 scores of the data set; none if it is missing."""
    return sorted((folder / "asap" / "scores").rglob("*.musicxml"))


def schema_errors(data: bytes) -> set[str]:
    """Return what the schema of MusicXML, which music21 contains, finds in a document."""
    schema = _schema()
    schema.validate(etree.fromstring(data))
    return {entry.message for entry in schema.error_log}


class _Imports(etree.Resolver):
    """Provide the two schemas that the schema of MusicXML imports from the network."""

    def resolve(self, url: str | None, _id: str | None, context: Any) -> Any:
        for part, (space, names) in IMPORTED.items():
            if part in (url or ""):
                inside = "".join(f'<xs:attribute name="{n}" type="xs:string"/>' for n in names)
                head = f'<xs:schema xmlns:xs="{XS}" targetNamespace="{space}">'
                return self.resolve_string(f"{head}{inside}</xs:schema>", context)
        return None


XS = "http://www.w3.org/2001/XMLSchema"
IMPORTED = {
    "xlink.xsd": (
        "http://www.w3.org/1999/xlink",
        ("href", "type", "role", "title", "show", "actuate"),
    ),
    "xml.xsd": ("http://www.w3.org/XML/1998/namespace", ("lang", "space")),
}


@cache
def _schema() -> Any:
    music21 = find_spec("music21")
    assert music21 is not None
    assert music21.origin is not None
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Imports())
    path = Path(music21.origin).parent / "musicxml" / "musicxml.xsd"
    return etree.XMLSchema(etree.parse(path, parser))
