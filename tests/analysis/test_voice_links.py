"""The features of links, and their scores."""

import numpy as np

from partimento.analysis.voice_links import FINE, NewNotes, Voices, links_of, scores_of
from partimento.analysis.voice_weights import NEW_VOICE, PAIR_PENALTIES, PENALTIES, TABLES


def voices_after(*notes, number=3):
    """Return voices after notes (voice, onset, pitch, duration)."""
    voices = Voices.empty(number)
    for voice, onset, pitch, duration in notes:
        new = NewNotes(np.array([pitch]), np.array([duration]))
        voices = voices.after(np.array([0]), np.array([[voice]]), onset, new)
    return voices


def links(voices, onset, *notes):
    pitch, duration = np.array(notes).T
    return links_of(voices, onset, NewNotes(pitch, duration), 4)


def test_voices_remember_their_last_note_their_register_and_their_mean():
    voices = voices_after((0, 0, 60, 4), (0, 4, 68, 2), (1, 0, 40, 8))
    assert voices.pitch[0].tolist() == [68, 40, 0]
    assert voices.end[0].tolist() == [6, 8, 0]
    assert voices.register[0].tolist() == [62 * FINE, 40 * FINE, 0]
    assert voices.mean[0].tolist() == [64 * FINE, 40 * FINE, 0]


def test_tables_class_interval_rest_and_duration():
    voices = voices_after((0, 0, 60, 4), (1, 0, 48, 2))
    found = links(voices, 4, (62, 4), (50, 1))
    assert found.has_begun.tolist() == [[True, True, False]]
    assert found.is_free.tolist() == [[True, True, True]]
    assert found.tables["interval"][0, :, :2].tolist() == [[2, 18], [7, 12]]
    assert found.tables["gap"][0, 0, :2].tolist() == [0, 2]
    assert found.tables["ratio"][0, :, :2].tolist() == [[0, 2], [3, 2]]


def test_a_voice_that_still_sounds_is_not_free_and_is_not_crossed():
    voices = voices_after((0, 0, 60, 8), (1, 0, 55, 4))
    found = links(voices, 4, (64, 4))
    assert found.is_free.tolist() == [[False, True, True]]
    assert found.penalties["crosses_held"][0, 0, 1] == 1
    assert found.penalties["inner_on_top"][0, 0, 1]
    assert not links(voices, 4, (57, 4)).penalties["crosses_held"][0, 0, 1]


def test_the_pitch_of_a_silent_voice_is_passed():
    voices = voices_after((0, 0, 60, 4), (1, 0, 55, 4))
    assert links(voices, 4, (64, 4)).penalties["passes_last"][0, 0, :2].tolist() == [0, 1]


def test_pairs_are_penalized_where_the_lower_voice_has_the_higher_note():
    voices = voices_after((0, 0, 60, 4), (1, 0, 40, 4))
    pairs = links(voices, 4, (60, 4), (41, 4)).pairs
    for name in ("crosses", "disorders", "disorders_far"):
        assert np.argwhere(pairs[name][0]).tolist() == [[1, 0]]


def test_scores_add_weights():
    voices = voices_after((0, 0, 60, 4))
    score, pair = scores_of(links(voices, 4, (60, 4)))
    repeated = [TABLES[name][0] for name in ("interval", "register", "mean", "gap", "ratio")]
    assert score.tolist() == [[[sum(repeated), NEW_VOICE, NEW_VOICE]]]
    assert not pair.any()
    two = voices_after((0, 0, 60, 4), (1, 0, 40, 4))
    assert scores_of(links(two, 4, (60, 4), (40, 4)))[1][0, 1, 0] == sum(PAIR_PENALTIES.values())


def test_only_differences_of_pitch_count():
    notes = ((0, 0, 60, 4), (1, 0, 55, 6), (2, 0, 50, 1), (2, 1, 53, 1))
    up = [(voice, onset, pitch + 12, duration) for voice, onset, pitch, duration in notes]
    here = scores_of(links(voices_after(*notes), 4, (62, 4), (59, 2)))
    there = scores_of(links(voices_after(*up), 4, (74, 4), (71, 2)))
    assert [array.tolist() for array in here] == [array.tolist() for array in there]
    assert PENALTIES.keys() <= links(voices_after(*notes), 4, (62, 4)).penalties.keys()
