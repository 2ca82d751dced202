"""Number the voices of a part from 0 on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def numbered_voices(names: Mapping[tuple[str, str], int], notes: np.ndarray) -> np.ndarray:
    """Number the voices of a part in their order: by first staff, then by name.

    A voice may change between staves. Some programs number the voices of each staff anew. A voice
    whose notes overlap on two staves is therefore one voice for each staff.

    Parameters
    ----------
    names : mapping of (str, str) to int
        The staff and the voice that notes state → their index.
    notes : (4, N) int64
        Bar, onset in the bar, duration, and index of `names`.

    Returns
    -------
    (N,) int64
        The voice of each note.
    """
    keys = _voices(names, notes)
    used = {keys[index] for index in np.unique(notes[3]).tolist()}
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for (staff, _), index in names.items():
        place = _order(staff)
        first[keys[index]] = min(first.get(keys[index], place), place)
    order = sorted(used, key=lambda key: (first[key], _order(key[1])))
    number = {key: place for place, key in enumerate(order)}
    table = [number.get(keys[index], 0) for index in sorted(keys)]
    voices: np.ndarray = np.array(table or [0], np.int64)[notes[3]]
    return voices


def _voices(names: Mapping[tuple[str, str], int], notes: np.ndarray) -> dict[int, tuple[str, str]]:
    """Map each index to a voice: its name, with a staff if each staff has its own."""
    by_name: dict[str, list[tuple[str, int]]] = {}
    for (staff, voice), index in names.items():
        by_name.setdefault(voice, []).append((staff, index))
    keys: dict[int, tuple[str, str]] = {}
    for voice, places in by_name.items():
        own = np.isin(notes[3], [index for _, index in places])
        is_shared = len(places) > 1 and _overlap(notes[:, own])
        keys |= {index: (staff if is_shared else "", voice) for staff, index in places}
    return keys


def _overlap(notes: np.ndarray) -> bool:
    """Return whether notes of two staves overlap without being a chord."""
    bar, onset, duration, staff = notes[:, np.lexsort((notes[1], notes[0]))]
    following = (bar[1:] == bar[:-1]) & (staff[1:] != staff[:-1])
    is_later = onset[1:] > onset[:-1]
    return bool((following & is_later & (onset[1:] < (onset + duration)[:-1])).any())


def _order(name: str) -> tuple[int, str]:
    text = name.strip()
    return (int(text), "") if text.isascii() and text.isdigit() and len(text) < 9 else (10**9, text)
