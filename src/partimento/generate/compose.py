"""Composing: a run and a wish (how long, how free, from what) become a `Piece`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from partimento.analysis.keys import analyse_key
from partimento.errors import PartimentoError
from partimento.generate.candidates import generate_candidates
from partimento.generate.latent import compose_windows
from partimento.generate.limits import Limits, check_length
from partimento.generate.ranking import longest_loop, stays_active
from partimento.generate.sampler import Sampling
from partimento.models.base import LatentModel, NextModel
from partimento.music.events import Event, merge_held
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Source, Tempo
from partimento.music.transpose import interval_to_common_key, transpose
from partimento.tokens.notes import EventTokenizer
from partimento.tokens.vocabulary import START, UNKNOWN
from partimento.training.dataset import in_common_key
from partimento.training.piece_record import Learned
from partimento.training.trained_model import TrainedModel

EVENTS_PER_BAR = 48  # beyond this, a bar is not waited for
ATTEMPTS = 8  # at a mode that was asked for


@dataclass(frozen=True)
class Opening:
    """What a piece begins from, and whose clothes it wears: metre, pickup, tempo, key and
    instrument.
    """

    tokens: np.ndarray  # (n, 3), a start row first; or (n, 1) tokens, the beginning first
    like: Learned
    title: str
    whole: np.ndarray  # (m, 3) or (m, 1), as far as is known of where it was taken from


def compose(
    run: TrainedModel,
    *,
    bars: int | None = None,
    events: int | None = None,
    sampling: Sampling | None = None,
    seed: int = 0,
    start: Piece | int | None = None,
    towards: int | None = None,
    opening: int = 8,
    key: Key | None = None,
    program: int | None = None,
    title: str = "",
    candidates: int | None = None,
) -> Piece:
    """Compose a piece of so many bars (the default: 16) or events, its opening included.

    Several takes are composed at once; the one that the model itself would best like to end where
    it ends is kept.

    Parameters
    ----------
    sampling : Sampling, optional
        Sampling; by default as the run's settings say (``sample``).
    start : None, int or Piece
        From silence; from the opening of training piece number `start`; or from the opening of a
        piece of your own.
    towards : int, optional
        For a model with a latent space: the number of the training piece to which the music makes
        its way; what lies between two pieces is a mixture of them. Without it, to a point that is
        drawn.
    opening : int
        Events taken over from `start`; a model with a latent space takes over none, but begins
        where the opening lies in its space.
    key : Key, optional
        The key to end up in; by default that of the piece it began from or, from silence, of one of
        the training pieces.
    program : int, optional
        General MIDI program; by default the training pieces'.

    Raises
    ------
    PartimentoError
        If the wish cannot be fulfilled.
    """
    if not composes(run):
        raise PartimentoError(f"a run of {run.settings.name} does not compose")
    if towards is not None and not issubclass(run.model_class, LatentModel):
        raise PartimentoError(
            f"towards is for models with a latent space (autoencoder, vae); this is a run of {run.settings.name}"
        )
    bars = 16 if bars is None and events is None else bars
    check_length(bars, events, opening)
    sample = run.settings.sample
    sampling = sampling or sample
    begin = _begin(run, start, opening, seed, key)
    meter, pickup = begin.like.meter, begin.like.pickup
    grid = run.tokenizer.grid
    if events is not None:
        limits = Limits(events + 1, 2**30, may_end=False)
    else:
        assert bars is not None
        total = (pickup + bars * meter.bar_ql) * grid
        if total >= 2**30:
            raise PartimentoError(f"{bars} bars are too many")
        limits = Limits(bars * EVENTS_PER_BAR + 2, int(np.ceil(float(total))), may_end=False)
    given = (
        []
        if issubclass(run.model_class, LatentModel)
        else run.tokenizer.decode_events(begin.tokens)
    )
    if (
        len(given) + 1 >= limits.events
        or sum((event.duration for event in given), Fraction(0)) * grid >= limits.steps
    ):
        raise PartimentoError(
            "the opening alone is longer than the piece that was asked for: ask for more bars or a shorter opening"
        )
    length = None if bars is None else pickup + bars * meter.bar_ql
    takes = max(1, min(candidates or sample.candidates, 200_000 // limits.events))
    ends = _ends(run, begin, towards, takes) if issubclass(run.model_class, LatentModel) else None
    for attempt in range(1 if key is None else ATTEMPTS):
        drawn = seed + attempt * 2**32
        if ends is not None:
            rows = _from_latent(
                run.model, ends, takes, limits=limits, sampling=sampling, seed=drawn
            )
            closings = [0.0] * takes
        else:
            rows, closing, _ = generate_candidates(
                run,
                begin.tokens,
                limits=limits,
                sampling=sampling,
                candidates=takes,
                seed=drawn,
            )
            closings = closing.tolist()
        takes_made = [run.tokenizer.decode_events(tokens)[: limits.events - 1] for tokens in rows]
        takes_made = takes_made if length is None else [_cut(take, length) for take in takes_made]
        music, fits = _best(run, begin, takes_made, closings, key=key, seed=seed)
        if fits:
            break
    else:
        raise PartimentoError(
            f"no take of {takes * ATTEMPTS} came out in {key.mode if key else ''}: another seed, or the other mode, may do"
        )
    return _dress(
        run,
        music,
        begin,
        seed=seed,
        key=key,
        program=program,
        title=title or f"Partimento no. {seed}",
    )


def composes(run: TrainedModel) -> bool:
    """Whether a run's model makes music (embeddings, for one, do not)."""
    return issubclass(run.model_class, NextModel | LatentModel)


def draw(run: TrainedModel, *, takes: int, events: int, seed: int) -> np.ndarray:
    """Takes from silence as the model makes them, none preferred and nothing left out; padding
    after an end.

    ``(takes, events, 3)`` of the chord tokenizer, without the start row; ``(takes, rows, 1)`` of
    the note tokenizer, with the beginning.
    """
    begin = _begin(run, None, 0, seed, None)
    limits, sampling = Limits(events + 1, 2**30, may_end=False), Sampling()
    if issubclass(run.model_class, LatentModel):
        return _from_latent(
            run.model,
            _ends(run, begin, None, takes),
            takes,
            limits=limits,
            sampling=sampling,
            seed=seed,
        )
    made = generate_candidates(
        run, begin.tokens, limits=limits, sampling=sampling, candidates=takes, seed=seed
    ).ids
    return np.asarray(
        made if isinstance(run.tokenizer, EventTokenizer) else made[:, 1 : events + 1]
    )


def _ends(
    run: TrainedModel, begin: Opening, towards: int | None, takes: int
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Where the way through the latent space begins and ends ``(Z,)``, None where that is drawn;
    and training pieces' points ``(n, Z)``.
    """
    length = run.model.length
    if towards is not None and not 0 <= towards < len(run.pieces):
        raise PartimentoError(
            f"there is no training piece number {towards}: they go from 0 to {len(run.pieces) - 1}"
        )

    def window(rows: np.ndarray) -> np.ndarray:
        rows = rows[1 : length + 1]
        return np.pad(rows, ((0, length - len(rows)), (0, 0)))

    train = [piece for piece in run.pieces if piece.split == "train"]
    known = run.model.encode(np.stack([window(piece.opening) for piece in train]).astype(np.int32))
    if known is None:
        if towards is not None or len(begin.whole) > 1:
            raise PartimentoError(
                f"a run of {run.settings.name} has no encoder: it composes from silence alone"
            )
        return None, None, None
    first = (
        run.model.encode(window(begin.whole)[None].astype(np.int32))[0]
        if len(begin.whole) > 1
        else None
    )
    last = (
        run.model.encode(window(run.pieces[towards].opening)[None].astype(np.int32))[0]
        if towards is not None
        else None
    )
    return first, last, known


def _from_latent(
    model: LatentModel,
    ends: tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None],
    takes: int,
    *,
    limits: Limits,
    sampling: Sampling,
    seed: int,
) -> np.ndarray:
    """Takes ``(B, N, 3)``, each on a way of its own where its ends are not given."""
    rng = np.random.default_rng(seed)
    drawn = [
        model.prior(takes, rng, ends[2]) if end is None else np.repeat(end[None], takes, 0)
        for end in ends[:2]
    ]
    return compose_windows(model, drawn[0], drawn[1], limits=limits, sampling=sampling, rng=rng)


def _best(
    run: TrainedModel,
    begin: Opening,
    music: list[list[Event]],
    closings: list[float],
    *,
    key: Key | None,
    seed: int,
) -> tuple[list[Event], bool]:
    """Of the takes in the common key (in the asked mode, if one is asked), the one that best ends
    where it ends; and whether it fits.

    The end comes easiest to a take that has been resting on its last chord for bars: those that die
    away are passed over, and those that go round in circles for more than a bar, and those that
    leave the range.
    """
    how = run.settings.tokens
    ranks = []
    for take, closing in zip(music, closings, strict=True):
        plain = Piece.from_events(merge_held(take))
        found, _ = analyse_key(plain)
        mode = key is None or found.mode == key.mode
        home = not how.to_common_key or found.tonic == (9 if found.mode == "minor" else 0)
        shift = _shift(run, begin, plain.notes, found, key, seed)
        inside = not any(_outside(run, plain.notes, shift))
        moving = stays_active(take) and longest_loop(take) <= begin.like.meter.bar_ql
        ranks.append((mode, home, inside, moving, closing))
    best = max(range(len(ranks)), key=ranks.__getitem__)
    return music[best], key is None or (ranks[best][0] and ranks[best][1])


def _begin(
    run: TrainedModel, start: Piece | int | None, opening: int, seed: int, key: Key | None
) -> Opening:
    if isinstance(start, Piece):
        try:
            item = in_common_key(start, run.settings.tokens.transpose)
        except ValueError as error:
            raise PartimentoError(
                f"cannot begin from {start.title or 'this piece'}: {error}"
            ) from error
        tokens = run.tokenizer.encode_all([item.moved])[0].ids
        like = Learned.from_prepared(item, tokens, "given")
        return Opening(
            _known(run, tokens, opening, f"the opening of {start.title or 'the given piece'}"),
            like,
            start.title,
            tokens,
        )
    if start is None:
        like = _one_of_the_usual(run, seed, key)
        begun = (
            run.tokenizer.prompt(like.opening, 0)
            if len(like.opening)
            else np.full((1, len(run.tokenizer.fields)), START, np.int32)
        )
        if key is not None and isinstance(run.tokenizer, EventTokenizer):  # it can be told
            begun = run.tokenizer.in_key(begun, key.tonic)
        return Opening(begun, like, "", begun)
    if not 0 <= start < len(run.pieces):
        raise PartimentoError(
            f"there is no training piece number {start}: they go from 0 to {len(run.pieces) - 1}"
        )
    like = run.pieces[start]
    return Opening(
        _known(run, like.opening, opening, f"the opening of {like.title}"),
        like,
        like.title,
        like.opening,
    )


def _known(run: TrainedModel, tokens: np.ndarray, events: int, what: str) -> np.ndarray:
    """The rows of so many events, up to the first unknown symbol."""
    known = run.tokenizer.prompt(tokens, events)
    if len(known) == run.tokenizer.header_rows and (tokens == UNKNOWN).any():
        raise PartimentoError(
            f"{what} begins with a chord or duration that the run has never met: begin elsewhere, or from silence"
        )
    return known


def _one_of_the_usual(run: TrainedModel, seed: int, key: Key | None) -> Learned:
    """A training piece, drawn among those of the commonest metre (and of the asked mode, if there
    are any).
    """
    pieces = [piece for piece in run.pieces if piece.split == "train"]
    pieces = [piece for piece in pieces if key is None or piece.key.endswith(key.mode)] or pieces
    usual = Counter((p.meter.numerator, p.meter.denominator) for p in pieces).most_common(1)[0][0]
    pieces = [p for p in pieces if (p.meter.numerator, p.meter.denominator) == usual]
    return pieces[int(np.random.default_rng([seed, 1]).integers(len(pieces)))]


def _cut(music: list[Event], length: Fraction) -> list[Event]:
    """End exactly at `length`: a longer last event is shortened, a shorter one sounds on."""
    kept: list[Event] = []
    now = Fraction(0)
    for event in music:
        if now >= length:
            break
        kept.append(replace(event, duration=min(event.duration, length - now)))
        now += kept[-1].duration
    if kept and now < length:
        kept[-1] = replace(kept[-1], duration=kept[-1].duration + length - now)
    return kept


def _dress(
    run: TrainedModel,
    music: list[Event],
    begin: Opening,
    *,
    seed: int,
    key: Key | None,
    program: int | None,
    title: str,
) -> Piece:
    """Give the events a metre, key, tempo, instrument and name, and take them from the common key
    to their own.
    """
    like = begin.like
    plain = Piece.from_events(merge_held(music))
    found, _ = analyse_key(plain)
    shift = _shift(run, begin, plain.notes, found, key, seed)
    home = Key(0, found.mode) if run.settings.tokens.to_common_key else found
    declared = key if key is not None else Key.from_tonic((home.tonic + shift) % 12, home.mode)
    learned_from = Counter(piece.composer for piece in run.pieces if piece.composer)
    if program is None:
        usual = Counter(
            piece.program for piece in run.pieces if piece.program is not None
        ).most_common(1)
        program = like.program if like.program is not None or not usual else usual[0][0]
    return transpose(plain, shift).replace(
        meters=(Meter(like.meter.numerator, like.meter.denominator),),
        keys=(declared,),
        tempos=(Tempo(like.tempo.us_per_quarter),),
        pickup=like.pickup,
        parts=(Part("", program),),
        title=title,
        composer=f"after {learned_from.most_common(1)[0][0]}" if learned_from else "",
        source=Source(path=str(run.folder or ""), licence="composed by a program"),
    )


def _shift(
    run: TrainedModel, begin: Opening, notes: Notes, found: Key, key: Key | None, seed: int
) -> int:
    """Semitones from what was composed, in the key `found`, to where it is to sound."""
    encode = run.settings.tokens
    if encode.to_common_key:
        usual = -_interval(run, begin, found.mode, seed)
        shift = usual if key is None else -interval_to_common_key(key)
        if (
            encode.transpose == "key-octave"
        ):  # the octave that it is to sound in is the usual one, too
            shift += 12 * round((usual - shift) / 12)
    else:
        shift = 0 if key is None else (key.tonic - found.tonic + 6) % 12 - 6
    if not _given(run, begin):  # an opening stays where it was
        shift = _within_range(run, notes, shift, free=key is None)
    return shift


def _given(run: TrainedModel, begin: Opening) -> bool:
    """Whether it begins with music, not from silence."""
    return len(begin.tokens) > run.tokenizer.header_rows


def _interval(run: TrainedModel, begin: Opening, mode: str, seed: int) -> int:
    """How far its key is from the common one: as in the piece it began from or, from silence, as in
    a training piece of the same mode.
    """
    if _given(run, begin):
        return begin.like.interval
    alike = [
        piece for piece in run.pieces if piece.split == "train" and piece.key.endswith(mode)
    ] or [begin.like]
    return alike[int(np.random.default_rng([seed, 2]).integers(len(alike)))].interval


def _within_range(run: TrainedModel, notes: Notes, wanted: int, *, free: bool) -> int:
    """The wanted shift if it keeps to the range, else one an octave off or (if `free`) another of
    the training pieces' that does.
    """
    pieces = [piece for piece in run.pieces if piece.split == "train"]
    usual = (
        [shift for shift, _ in Counter(-piece.interval for piece in pieces).most_common()]
        if free
        else []
    )
    shifts = [wanted, wanted - 12, wanted + 12, *usual]
    return min(shifts, key=lambda shift: _outside(run, notes, shift))  # the first of the best


def _outside(run: TrainedModel, notes: Notes, shift: int) -> tuple[int, int]:
    """How many notes leave MIDI's pitches once they are shifted, and how many the range: the one
    that is set, or the training pieces'.
    """
    pieces = [piece for piece in run.pieces if piece.split == "train"]
    low = run.settings.tokens.low or min(piece.low for piece in pieces)
    high = run.settings.tokens.high or max(piece.high for piece in pieces)
    moved = notes.pitch + shift
    return int(np.count_nonzero((moved < 0) | (moved > 127))), int(
        np.count_nonzero((moved < low) | (moved > high))
    )
