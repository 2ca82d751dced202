"""Text that cannot be encoded is refused before anything is written."""

from __future__ import annotations

import pytest

from partimento import Part, Piece
from partimento.errors import PartimentoError
from partimento.music.text import check_names, check_text


def test_text_of_any_script_is_returned_unchanged() -> None:
    for text in ("", "Étude № 1", "日本", "𝄞"):
        assert check_text("the title", text) == text


def test_a_broken_character_is_shown_with_the_letters_around_it() -> None:
    with pytest.raises(PartimentoError, match="the title contains a character") as refused:
        check_text("the title", "x" * 100 + "a\udce9b" + "y" * 100)
    assert str(refused.value).endswith("x" * 19 + r"a\udce9b" + "y" * 19 + "'")
    with pytest.raises(PartimentoError, match=r": '\\ud800b'$"):
        check_text("the title", "\ud800b")
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"title": "\ud800"}, "the title"),
        ({"composer": "\ud800"}, "the composer"),
        ({"parts": (Part("fine"), Part("\ud800"))}, "the name of a part"),
    ],
)
def test_the_message_names_the_broken_field_of_a_piece(
    values: dict[str, object], what: str
) -> None:
    check_names(Piece((), title="Étude", composer="Sor", parts=(Part("Guitar"),)))
    with pytest.raises(PartimentoError, match=f"^{what} contains"):
        check_names(Piece((), **values))  # type: ignore[arg-type]
