"""Streams that cannot write every sign."""

from __future__ import annotations

import io
import sys

import pytest

from partimento.cli.streams import make_streams_safe
from partimento.music.timelines import Key


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_a_key_is_printed_where_the_encoding_has_no_signs(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, write_through=True))
    make_streams_safe()
    print(Key(-6, "minor").name, Key(6).name, "日\udc80")
    assert written.getvalue().split() == [b"Eb", b"minor", b"F#", b"major", rb"\u65e5\udc80"]


def test_a_key_is_printed_with_its_sign_in_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "utf-8", write_through=True))
    make_streams_safe()
    print(Key(-6, "minor").name)
    assert written.getvalue().decode() == "E♭ minor\n"
