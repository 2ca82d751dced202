"""Settings of how files become pieces."""

from __future__ import annotations

import pytest

from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.errors import PartimentoError


def test_as_written_changes_nothing() -> None:
    assert AS_WRITTEN.model_dump() == {
        "quantize": "exact",
        "grace_notes": "keep",
        "octave": "written",
        "pickup": "declared",
        "note_ends": "exact",
        "repeats": "folded",
        "encoding": "auto",
    }
    assert DataSettings() != AS_WRITTEN


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quantize": "sixteenths"}, r"data\.quantize.*auto.*exact.*music21"),
        ({"grace_notes": "hide"}, r"data\.grace_notes"),
        ({"octaves": "written"}, r"no setting data\.octaves; did you mean data\.octave\?"),
    ],
)
def test_a_wrong_value_or_name_is_one_line(values: dict[str, str], message: str) -> None:
    with pytest.raises(PartimentoError, match=message) as refused:
        DataSettings(**values)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_settings_come_back_from_their_plain_values() -> None:
    for settings in (DataSettings(), AS_WRITTEN, DataSettings(repeats="unfolded")):
        assert DataSettings(**settings.model_dump()) == settings
