"""Decode the text of a score file that does not state its encoding.

Unicode is recognized exactly, and text of Western European languages by its letters. For other
scripts, charset-normalizer guesses the encoding, and the reader warns that it is a guess.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from partimento.errors import InvalidScoreError

WESTERN = "cp1252"
# Encodings that are guessed between, with the names that people use. Of two that fit equally well,
# the first one is chosen.
GUESSED = {
    "cp1251": "cp1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp1253": "cp1253 (Greek)",
    "cp932": "Shift-JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
    "gb18030": "GBK (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp1250": "cp1250 (Central European)",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MOST_ACCENTED = 0.5  # of the letters of Western text, the share that has accents
PUNCTUATION = "“”„‘’‚‹›«»–—…•·©®°´`§ªº¿¡ \u00ad½¼¾²³¹×÷±¶†‡™€£"


@dataclass(frozen=True)
class Decoded:
    """Decoded texts, and a warning if their encoding was guessed (else empty)."""

    texts: tuple[str, ...]
    warning: str = ""


def decode_texts(texts: Sequence[bytes], encoding: str = "") -> Decoded:
    """Decode all texts of one file together.

    Parameters
    ----------
    texts : sequence of bytes
    encoding : str
        The encoding if it is known; empty to detect it.

    Raises
    ------
    InvalidScoreError
        If there is no such encoding, or the texts do not have it.

    Examples
    --------
    >>> decode_texts([b"\\x93Song\\x94", "Étude".encode()]).texts
    ('“Song”', 'Étude')
    """
    if encoding:
        return Decoded(tuple(_plain(_stated(text, encoding)) for text in texts))
    decoded = [_unicode(text) for text in texts]
    unknown = [text for text, known in zip(texts, decoded, strict=True) if known is None]
    if not unknown:
        return Decoded(tuple(_plain(text or "") for text in decoded))
    name, warning = guess_encoding(b"\n".join(dict.fromkeys(unknown)))
    return Decoded(
        tuple(
            _plain(text.decode(name, "replace") if known is None else known)
            for text, known in zip(texts, decoded, strict=True)
        ),
        warning,
    )


def decode_document(data: bytes, encoding: str = "") -> Decoded:
    """Decode the whole text of a file; its line ends stay as they are."""
    if encoding:
        return Decoded((_stated(data, encoding),))
    text = _unicode(data)
    if text is not None:
        return Decoded((text,))
    name, warning = guess_encoding(data)
    return Decoded((data.decode(name, "replace"),), warning)


def guess_encoding(data: bytes) -> tuple[str, str]:
    """Guess the encoding of text that is not Unicode; return it, and a warning if any.

    Examples
    --------
    >>> guess_encoding("Für Elise".encode("latin-1")), guess_encoding("Романс".encode("cp1251"))[0]
    (('cp1252', ''), 'cp1251')
    """
    if _is_western(data):
        return WESTERN, ""
    from charset_normalizer import from_bytes

    # Short texts are doubled, because the library does not judge a few bytes.
    matches = from_bytes(data + b"\n" + data, cp_isolation=[*GUESSED, WESTERN])
    fitting = {match.encoding: match.chaos for match in matches if _reads_well(str(match))}
    order = [name for name in GUESSED if name in fitting]
    name = min(order, key=fitting.__getitem__) if order else WESTERN
    shown = GUESSED.get(name, name)
    return (
        name if name != WESTERN else _western_codec(data),
        f"the encoding of its text is not stated; {shown} was assumed (--encoding states another)",
    )


def _reads_well(text: str) -> bool:
    """Return whether words have usual capitals and scripts: wrong encodings mix them.

    >>> _reads_well("Романс"), _reads_well("ЬФАт»Ё"), _reads_well("卜쟌빻"), _reads_well("月の光")
    (True, False, False, True)
    """
    words = re.findall(r"\w+", text)
    hangul = any("가" <= character <= "힣" for character in text)
    ideographs = any("一" <= character <= "鿿" for character in text)
    return (
        not (hangul and ideographs)
        and not any("｡" <= character <= "ﾟ" for character in text)  # half-width katakana
        and all(
            word.islower() or word.isupper() or word.istitle() or not _has_case(word)
            for word in words
        )
        and not any(not character.isascii() and character in PUNCTUATION for character in text)
    )


def _has_case(word: str) -> bool:
    return word.lower() != word.upper()


def _unicode(text: bytes) -> str | None:
    """Decode ASCII, UTF-8 and UTF-16; return None for other text."""
    for mark, name in MARKS:
        if text.startswith(mark):
            try:
                return text.decode(name)
            except UnicodeDecodeError:
                return text[: len(text) // 2 * 2].decode(name, "replace")
    if len(text) >= 4 and len(text) % 2 == 0:
        # UTF-16 without a mark: every other byte of text in Latin letters is zero.
        for zeros, name in ((text[1::2], "utf-16-le"), (text[::2], "utf-16-be")):
            if zeros.count(0) * 2 > len(zeros) and text.count(0) <= len(zeros):
                try:
                    return text.decode(name)
                except UnicodeDecodeError:
                    break
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


def _stated(text: bytes, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
        return text.decode(encoding)
    except LookupError:
        raise InvalidScoreError(
            f"no such encoding: {encoding[:30]} (write, for example, shift-jis, gbk or cp1251)"
        ) from None
    except UnicodeDecodeError:
        raise InvalidScoreError(f"its text is not encoded as {encoding}") from None


def _plain(text: str) -> str:
    return text.replace("\0", "").strip().removeprefix("\ufeff")


def _western_codec(data: bytes) -> str:
    """Return the codec of Western text: five bytes have no meaning in cp1252."""
    try:
        data.decode(WESTERN)
    except UnicodeDecodeError:
        return "latin-1"
    return WESTERN


def _is_western(data: bytes) -> bool:
    """Return whether text reads as a Western European language in cp1252."""
    text = data.decode(_western_codec(data))
    letters = [character for character in text if character.isalpha()]
    accented = sum(not character.isascii() for character in letters)
    known = all(
        character.isascii() or character.isalpha() or character in PUNCTUATION for character in text
    )
    return known and accented <= MOST_ACCENTED * len(letters)
