"""Read printed jumps: signs, and words such as ``D.S. al Coda`` or ``Fine``.

Programs print them with or without a `sound` element that states the same for playback.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

Element = Any
SEGNOS, CODAS = "\U0001d10b\ue047\ue04a", "\U0001d10c\ue048\ue049\u2295"
DAL_SEGNO, DA_CAPO = "\U0001d109\ue045", "\U0001d10a\ue046"
SIGNS = str.maketrans(
    {sign: f" {word} " for signs, word in (
        (SEGNOS, "segno"), (CODAS, "coda"), (DAL_SEGNO, "dal segno"), (DA_CAPO, "da capo"),
    ) for sign in signs}
)  # fmt: skip
LONGEST = 200  # characters of a direction that is searched

CAPO = re.compile(
    r"(?<![a-z.])(d\. ?c\b|da ?capo\b|d\.? capo\b)|^\W*dc\b"
    r"|\bfrom (the )?(beginning|start|top)\b"
    r"|\b(von vorne?|vo[nm] anfang)\b"
    r"|\b(du|au|depuis le) (debut|commencement)\b"
    r"|\b(desde|al?|del?) (el )?(principio|comienzo)\b"
    r"|\b(do|ao|desde o) (inicio|comeco|principio)\b"
    r"|\bс ?начала\b"
)
SEGNO = re.compile(
    r"(?<![a-z.])(d\. ?s\b|d\. ?s\. ?s\b|dal? ?segno\b|d[eo]l? segno\b|d\. segno\b)"
    r"|^\W*(al segno|dss?)\b"
    r"|\b(from|to) the sign\b|\bvom zeichen\b|\b(du|au) signe\b|\bdesde la senal\b|\bот знака\b"
)
SECOND_SEGNO = re.compile(r"(?<![a-z.])(d\. ?s\. ?s\b|dss\b)|\bsegno (2|ii)\b")
TO_FINE = re.compile(
    r"\b(al?|alla|a la|bis|zum|until|till?|to|jusqu.?a( la)?|ate o|hasta( el)?|до)"
    r" (zum |the |il )?(fine?|fim|final|ende?|schluss|конца)\b"
)
TO_SEGNO = re.compile(r"\bal segno\b")
TO_CODA = re.compile(
    r"(\b(to|al?|alla|a la|ad|zur?|zum|da|till?|until|bis|vai|jusqu.?a la)|->|\u2192) ?"
    r"(the |zur )?coda\b"
)
CODA = re.compile(r"\W*(the |la )?coda( coda)?\W*(\d|[iv]+)?\W*")
FINE = re.compile(r"\W*(il |the )?(fine?|fim|ende?|schluss|конец)\W*")
SIGN = re.compile(r"\W*segno\W*(\d|[iv]+)?\W*")
WITH_REPEATS = re.compile(
    r"\b(con|with|mit|avec|com|colla|col) (la |le |den |the )?(rep|ripet|wied|rit)"
)


class Jump(NamedTuple):
    """A printed direction about jumps.

    Attributes
    ----------
    kind : str
        ``dacapo``, ``dalsegno``, ``segno``, ``tocoda``, ``coda``, ``fine``, or ``sign`` for a coda
        sign without words: it may mean *to coda* or the coda itself.
    until : str
        For ``dacapo`` and ``dalsegno``, where the repeated music ends: ``fine`` or ``segno``, each
        also with `` and coda``; ``coda``; or nothing.
    second : bool
        Whether the jump leads to the second segno.
    repeats : bool
        Whether repeats are played again after the jump.
    """

    kind: str
    until: str = ""
    second: bool = False
    repeats: bool = False


def jump_of(direction: Element) -> Jump | None:
    """Read the signs and words of a ``direction``; None if it has none about jumps.

    Words in Italian, English, German, French, Spanish, Portuguese and Russian are known.
    """
    text = ""
    has_words = False
    for element in direction.iterfind("direction-type/*"):
        if element.tag in ("segno", "coda"):
            text += f" {element.tag} "
        elif element.tag in ("words", "rehearsal", "symbol"):
            text += f" {element.text or ''} "
            has_words = has_words or any(character.isalpha() for character in element.text or "")
    if not text or len(text) > LONGEST:
        return None
    if has_words:
        return jump_of_words(text)
    signs = plain(text)
    return Jump("segno") if "segno" in signs else Jump("sign") if "coda" in signs else None


def jump_of_words(text: str) -> Jump | None:
    """Read words about jumps.

    Examples
    --------
    >>> jump_of_words("D.S. al Coda")
    Jump(kind='dalsegno', until='coda', second=False, repeats=False)
    >>> jump_of_words("dolce")
    """
    words = plain(text)
    if CAPO.search(words):
        return Jump("dacapo", _until(words), False, bool(WITH_REPEATS.search(words)))
    if SEGNO.search(words):
        second = bool(SECOND_SEGNO.search(words))
        return Jump("dalsegno", _until(words), second, bool(WITH_REPEATS.search(words)))
    if TO_CODA.search(words):
        return Jump("tocoda")
    for kind, pattern in (("coda", CODA), ("fine", FINE), ("segno", SIGN)):
        if pattern.fullmatch(words):
            return Jump(kind)
    return None


def plain(text: str) -> str:
    """Return a text in lower case, without accents, and with signs as words."""
    letters = unicodedata.normalize("NFKD", text.translate(SIGNS))
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())


def _until(words: str) -> str:
    to_segno = CAPO.search(words) and TO_SEGNO.search(words)
    ends = ["fine"] if TO_FINE.search(words) else ["segno"] if to_segno else []
    return " and ".join([*ends, *(["coda"] if "coda" in words else [])])
