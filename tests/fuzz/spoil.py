"""Ways to spoil any file: bits, bytes, pieces of it, numbers and lines of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Mutator = Callable[[bytes, Random, bytes], bytes]
EXTREMES = (
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xff\x2f\0",
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "127",
    "128",
    "255",
    "256",
    "-128",
    "480",
    "32767",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483649",
    "9223372036854775808",
    "1" + "0" * 30,
    "9" * 49,
    "9" * 400,
    "9" * 5000,
    "1e3",
    "1e9",
    "1e308",
    "1e400",
    "-1e400",
    "1e-300",
    "0.5",
    "0.3333333",
    "0.0001",
    "1/3",
    "1/0",
    "nan",
    "inf",
    "-0",
    "+4",
    "4.",
    ".5",
    "1_000",
    "0x10",
    "٣",
    "½",
    "",
    " ",
    "\t3\n",
    "three",
    "\0",
)


def spoil(
    data: bytes, rng: Random, other: bytes, mutators: Sequence[Mutator], *, most: int = 6
) -> bytes:
    """Apply one to `most` of the mutators, one mostly; `other` is a second file to take from."""
    for _ in range(1 + min(int(rng.expovariate(0.7)), most - 1)):
        data = rng.choice(mutators)(data, rng, other)
    return data


def span(size: int, rng: Random, *, longest: int | None = None) -> tuple[int, int]:
    """A place and the end of a stretch from there, mostly a short one."""
    start = rng.randrange(size + 1)
    return start, min(size, start + 1 + min(int(rng.paretovariate(0.6)), longest or size))


def flip_bits(data: bytes, rng: Random, _: bytes) -> bytes:
    spoilt = bytearray(data or b"\0")
    for _ in range(rng.choice([1, 1, 1, 2, 5, 30])):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def change_bytes(data: bytes, rng: Random, _: bytes) -> bytes:
    spoilt = bytearray(data or b"\0")
    for _ in range(rng.choice([1, 1, 2, 8])):
        spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
    return bytes(spoilt)


def insert(data: bytes, rng: Random, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    new = (
        rng.choice(EXTREMES) * rng.choice([1, 1, 1, 4, 200])
        if rng.random() < 0.6
        else rng.randbytes(rng.choice([1, 1, 3, 16]))
    )
    return data[:at] + new + data[at:]


def overwrite(data: bytes, rng: Random, _: bytes) -> bytes:
    at, new = rng.randrange(len(data) + 1), rng.choice(EXTREMES)
    return data[:at] + new + data[at + len(new) :]


def delete(data: bytes, rng: Random, _: bytes) -> bytes:
    start, end = span(len(data), rng)
    return data[:start] + data[end:]


def double(data: bytes, rng: Random, _: bytes) -> bytes:
    start, end = span(len(data), rng)
    return data[:end] + data[start:end] * rng.choice([1, 1, 2, 20]) + data[end:]


def truncate(data: bytes, rng: Random, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def splice(data: bytes, rng: Random, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def transplant(data: bytes, rng: Random, other: bytes) -> bytes:
    """A stretch of another file inside this one."""
    start, end = span(len(other), rng)
    at = rng.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at:]


BYTES: tuple[Mutator, ...] = (
    flip_bits,
    change_bytes,
    insert,
    overwrite,
    delete,
    double,
    truncate,
    splice,
    transplant,
)


def change_number(data: bytes, rng: Random, _: bytes) -> bytes:
    """Another number, an extreme one or none, in the place of one."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data))
    if not found:
        return data
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice([1, 1, 1, 2, 10]))),
        key=lambda match: -match.start(),
    ):
        new = (
            rng.choice(NUMBERS)
            if rng.random() < 0.7
            else str(int(match[0].split(b".")[0][:15]) + rng.choice([-1, 1, 12]))
        )
        data = data[: match.start()] + new.encode() + data[match.end() :]
    return data


def change_lines(data: bytes, rng: Random, other: bytes) -> bytes:
    """Lines deleted, doubled, exchanged, or taken from another file."""
    lines, others = data.split(b"\n"), other.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            del lines[i]
        case 1:
            lines[i:i] = [lines[i]] * rng.choice([1, 1, 3, 50])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            lines.insert(i, rng.choice(others))
        case _:
            lines[i:j] = reversed(lines[i:j])
    return b"\n".join(lines)


def change_words(data: bytes, rng: Random, other: bytes) -> bytes:
    """Words exchanged, deleted, doubled, or taken from another file."""
    words, others = re.split(rb"(\s+)", data), re.split(rb"\s+", other)
    i, j = rng.randrange(len(words)), rng.randrange(len(words))
    match rng.randrange(4):
        case 0:
            words[i], words[j] = words[j], words[i]
        case 1:
            del words[i]
        case 2:
            words[i] = words[i] * rng.choice([2, 3, 40])
        case _:
            words[i] = rng.choice(others)
    return b"".join(words)


def other_encoding(data: bytes, rng: Random, _: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    strange = rng.choice(["é", "日本", "\N{MUSICAL SYMBOL G CLEF}", "\x07", "\u2028", "\ufeff"])
    at = rng.randrange(len(text) + 1)
    encoding = rng.choice(
        ["utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-8-sig", "cp037"]
    )
    return (text[:at] + strange + text[at:]).encode(encoding, "replace")


TEXT: tuple[Mutator, ...] = (
    change_number,
    change_number,
    change_number,
    change_lines,
    change_lines,
    change_words,
    change_words,
    other_encoding,
)
