"""Write a piece to files, with the writers that their suffixes need."""

from __future__ import annotations

import os
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.errors import PartimentoError
from partimento.export.marker import is_our_page, stamp_png, stamp_svg
from partimento.export.note_colors import NoteColors, color_page
from partimento.files import refuse_existing, write_atomically
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.music.text import check_names, check_text
from partimento.plugins import Registry
from partimento.short_repr import short_repr

if TYPE_CHECKING:
    from partimento.io.musicxml.document import ScoreDocument

# Suffix → writer. A writer takes a Chain and the suffix, and returns the content of each file. To
# add a format, add one line. The entry point of a plugin is named by the suffix without its dot.
WRITERS = Registry(
    "partimento.writers",
    "writer",
    {
        ".mid": "partimento.export.write:_midi",
        ".midi": "partimento.export.write:_midi",
        ".musicxml": "partimento.export.write:_musicxml",
        ".xml": "partimento.export.write:_musicxml",
        ".mxl": "partimento.export.write:_musicxml",
        ".svg": "partimento.export.write:_svg",
        ".png": "partimento.export.write:_png",
        ".pdf": "partimento.export.write:_pdf",
        ".gif": "partimento.export.write:_gif",
        ".wav": "partimento.export.write:_sound",
        ".flac": "partimento.export.write:_sound",
        ".ogg": "partimento.export.write:_sound",
        ".mp3": "partimento.export.write:_sound",
        ".abc": "partimento.export.write:_abc",
        ".json": "partimento.export.write:_json",
        ".html": "partimento.export.write:_html",
        ".gp5": "partimento.export.write:_guitar_pro",
        ".tab": "partimento.export.write:_ascii_tab",
        ".txt": "partimento.export.write:_ascii_tab",
    },
    needs=("__call__",),
    prefix=".",
)
ONLY_NOTES = "only the notes are drawn, without slurs, text and other marks"
PAGED = (".svg", ".png")  # formats with one file per page: name.svg, name-2.svg, …


@short_repr
@dataclass(frozen=True)
class Chain:
    """Convert one piece to several formats, computing shared steps only once.

    Parameters
    ----------
    piece : Piece
    soundfont : Path or None
        See `audio.find_soundfont`.
    about : mapping
        The origin of the piece, for a web page; see `player_page.to_page`.
    files : sequence of str
        Names of files in the same folder, to which a web page links.
    played : Piece, optional
        The piece as sounds play it: the same notes with other tempos. By default as written.
    colors : NoteColors, optional
        Colors of the notes in pictures and on the web page.
    midi_is_played : bool
        Whether MIDI files have the played piece, too.
    """

    piece: Piece
    soundfont: Path | str | None = None
    about: Mapping[str, Any] | None = None
    files: Sequence[str] = ()
    played: Piece | None = None
    colors: NoteColors | None = None
    midi_is_played: bool = False

    @cached_property
    def document(self) -> ScoreDocument | None:
        """The MusicXML file that the piece was read from, edited as the piece was.

        None if there is none, or if it says nothing but notes and we wrote it. If it is not usable,
        a warning gives the reason.
        """
        from partimento.io.splice import is_midi

        if self.piece.score is None or is_midi(self.piece.score):
            return None
        from partimento.io.musicxml.document import ScoreDocument

        try:
            document = ScoreDocument.load(self.piece.score)
        except PartimentoError as error:
            warnings.warn(f"{ONLY_NOTES}: {error}", stacklevel=2)
            return None
        return None if document.says_only_notes else document

    @cached_property
    def stamp(self) -> str:
        """The line that says how the piece was composed; empty if no program composed it."""
        provenance = self.piece.provenance
        if provenance is None:
            return ""
        if self.colors is not None and self.colors.record:
            writing = {**provenance.writing, "show": dict(self.colors.record)}
            provenance = replace(provenance, writing=writing)
        return provenance.to_text()

    @cached_property
    def lyrics(self) -> tuple[Syllable, ...]:
        """The words of the piece: its own, or those of its MusicXML file."""
        if self.piece.lyrics or self.document is None:
            return self.piece.lyrics
        return self.document.lyrics(self.piece)

    def copied(self, suffix: str) -> bytes | None:
        """Return the file of the piece with some bars changed, or None."""
        from partimento.io.splice import spliced

        return spliced(self.piece, suffix, self.stamp)

    @cached_property
    def musicxml(self) -> str:
        if self.document is not None:
            return self.document.with_remark(self.stamp).to_xml()
        from partimento.io.musicxml.write import to_musicxml

        return to_musicxml(self.piece)

    @cached_property
    def picture(self) -> str:
        """MusicXML for engraving, with ornaments that were played as grace notes."""
        if self.document is not None:
            return self.document.picture(self.piece)
        return self._picture_of_notes()

    def _picture_of_notes(self) -> str:
        from partimento.io.musicxml.write import to_musicxml

        return to_musicxml(self.piece, ornaments="grace")

    def _engraved(self, **options: Any) -> tuple[str, ...]:
        """Engrave the score as SVG pages; `options` are those of `svg.to_svg`."""
        from partimento.export.svg import to_svg

        if self.document is None:
            return to_svg(self.picture, **options)
        from partimento.export.engraver import engrave_apart

        try:
            return engrave_apart(self.picture, **options)
        except PartimentoError as error:
            warnings.warn(f"{ONLY_NOTES}: {error}", stacklevel=2)
            return to_svg(self._picture_of_notes(), **options)

    @cached_property
    def pages(self) -> tuple[str, ...]:
        """The engraved pages as SVG, with the colors of the notes."""
        return self._colored(self._engraved())

    def _colored(self, pages: tuple[str, ...], *, legend: bool = True) -> tuple[str, ...]:
        colors = self.colors
        if colors is None:
            return pages
        return tuple(color_page(page, colors, legend=legend) for page in pages)

    @cached_property
    def page(self) -> str:
        """The self-contained web page with score and player."""
        from partimento.export.page_sounds import page_sounds
        from partimento.export.player_page import to_page

        played = self.played or self.piece
        sounds = page_sounds(played, self.soundfont)
        # The notes are in the order of the written piece. Deviations of some milliseconds, by which
        # a humanized piece is in another order, would not be seen.
        timed = self.piece.replace(tempos=played.tempos)
        pages = self._colored(self._engraved(heading=False, crop=True), legend=False)
        times = timed.note_seconds()
        about = {**(self.about or {}), "remark": self.stamp}
        return to_page(
            self.piece, pages, times, sounds, about=about, files=self.files, colors=self.colors
        )


def write(
    piece: Piece,
    path: Path | str,
    *,
    force: bool = False,
    soundfont: Path | str | None = None,
    about: Mapping[str, Any] | None = None,
    files: Sequence[str] = (),
) -> list[Path]:
    """Write a piece in the format of the suffix of `path`.

    Parameters
    ----------
    piece : Piece
    path : Path or str
        Further pages of a score as SVG or PNG are written to ``name-2.svg``, ``name-3.svg``, ….
    force : bool
        Replace existing files. This also removes further pages of an earlier, longer score, if they
        have Partimento's mark. Other files are never touched.
    soundfont : Path or str, optional
        For sounds and ``.html``; see `audio.find_soundfont`.
    about, files
        For ``.html``; see `Chain`.

    Returns
    -------
    list of Path
        The files written, beginning with `path`.

    Raises
    ------
    PartimentoError
        If the suffix is unknown, a file already exists, or the format cannot represent the piece.
    """
    path = Path(path)
    return write_all(Chain(piece, soundfont, about, files), [path], force=force)


def write_all(chain: Chain, paths: Sequence[Path | str], *, force: bool = False) -> list[Path]:
    """Write one piece to several files, computing shared steps only once.

    All names are checked and all contents computed before the first file is written. The exceptions
    are those of `write`.
    """
    chosen = [Path(path) for path in paths]
    check_paths(chosen, force=force)
    check_names(chain.piece)
    contents_by_path = [_writer_for(path)(chain, path.suffix.lower()) for path in chosen]
    targets = [
        _page_paths(path, len(contents))
        for path, contents in zip(chosen, contents_by_path, strict=True)
    ]
    for first, *further in targets:
        for number, page in enumerate(further, 2):
            if os.path.lexists(page) and not (force and is_our_page(page, number)):
                hint = (
                    f" and is not page {number} of an earlier score: move it away"
                    if force
                    else " (force=True replaces it)"
                )
                raise PartimentoError(
                    f"{page} already exists{hint}; it is needed for page {number} of {first.name}"
                )
    written = [path for pages in targets for path in pages]
    _refuse_twice(written)
    for path, content in zip(
        written, (content for contents in contents_by_path for content in contents), strict=True
    ):
        write_atomically(path, content)
    if force:
        for path, pages in zip(chosen, targets, strict=True):
            _remove_stale(path, len(pages), keep=written)
    return written


def contents_of(chain: Chain, suffix: str) -> list[bytes]:
    """Return the content of each file that `write_all` would write in a format.

    There are several for a score of several pages as SVG or PNG.
    """
    contents = _writer_for(Path(f"piece{suffix}"))(chain, suffix)
    return [each if isinstance(each, bytes) else each.encode() for each in contents]


def check_paths(paths: Sequence[Path], *, force: bool = False) -> None:
    """Raise PartimentoError if a path cannot be written, before any work is done.

    This is the case if a suffix is unknown, or a path occurs twice, exists already or is a folder.
    It is also the case if one of its parent folders is a file.
    """
    for path in paths:
        _writer_for(path)
        if path.is_dir():
            raise PartimentoError(f"{path} is a folder")
        refuse_existing(path, force=force)
    _refuse_twice(paths)


def _refuse_twice(paths: Sequence[Path]) -> None:
    known: dict[str, Path] = {}
    for path in paths:
        real = os.path.realpath(path)
        if real in known:
            also = f" (also as {known[real]})" if known[real] != path else ""
            raise PartimentoError(f"the same file would be written twice: {path}{also}")
        known[real] = path
    for real, path in known.items():
        for folder in Path(real).parents:
            if str(folder) in known:
                raise PartimentoError(
                    f"{known[str(folder)]} cannot be a file and the folder of {path}"
                )


def engrave(musicxml: str, layout: Mapping[str, Any]) -> list[ET.Element]:
    """Engrave a score with other layout options, for pictures; see `svg.engrave`."""
    from partimento.export import svg

    return svg.engrave(musicxml, layout)


def rasterize(svg: str, *, width: int) -> bytes:
    """Convert an SVG picture to PNG, `width` pixels wide; see `png.to_png`."""
    from partimento.export.png import to_png

    return to_png(svg, width=width)


def _writer_for(path: Path) -> Callable[[Chain, str], list[bytes] | list[str]]:
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        kind = path.suffix or "a file without a suffix"
        raise PartimentoError(f"{path}: cannot write {kind}; choose from {' '.join(WRITERS)}")
    writer: Callable[[Chain, str], list[bytes] | list[str]] = WRITERS.load(suffix)
    return writer


def _page_paths(path: Path, count: int) -> list[Path]:
    return [path, *(_further(path, number) for number in range(2, count + 1))]


def _further(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _remove_stale(path: Path, count: int, *, keep: Sequence[Path]) -> None:
    """Remove the further pages of an earlier, longer score of this name.

    This stops at the first file that does not have Partimento's mark with its page number.
    """
    if path.suffix.lower() not in PAGED:
        return
    kept = {os.path.realpath(other) for other in keep}
    number = count + 1
    while (
        is_our_page(stale := _further(path, number), number) and os.path.realpath(stale) not in kept
    ):
        stale.unlink()
        number += 1


def _midi(chain: Chain, _: str) -> list[bytes]:
    from partimento.io.midi.write import to_midi

    piece = chain.piece
    if chain.midi_is_played and chain.played is not None:
        piece = chain.played
    elif (copied := chain.copied(".mid")) is not None:
        return [copied]
    lyrics = piece.lyrics or chain.lyrics
    return [to_midi(piece.replace(lyrics=lyrics) if lyrics else piece)]


def _abc(chain: Chain, _: str) -> list[str]:
    from partimento.io.abc.write import to_abc

    return [to_abc(chain.piece)]


def _musicxml(chain: Chain, suffix: str) -> list[bytes]:
    from partimento.io.musicxml.write import to_mxl

    if (copied := chain.copied(suffix)) is not None:
        return [to_mxl(copied) if suffix == ".mxl" else copied]
    return [to_mxl(chain.musicxml) if suffix == ".mxl" else chain.musicxml.encode()]


def _svg(chain: Chain, _: str) -> list[str]:
    return [stamp_svg(page, chain.stamp) for page in chain.pages]


def _png(chain: Chain, _: str) -> list[bytes]:
    from partimento.export.png import to_png

    return [stamp_png(to_png(page), chain.stamp) for page in chain.pages]


def _gif(chain: Chain, _: str) -> list[bytes]:
    from partimento.export.png import to_png
    from partimento.export.score_gif import to_score_gif

    played = chain.played or chain.piece
    pages = chain._colored(chain._engraved(crop=True), legend=False)
    onsets = [note.onset for note in chain.piece.notes]
    return [
        to_score_gif(
            pages,
            onsets,
            played.tempo_map.seconds,
            lambda page, width: to_png(page, width=width),
            comment=chain.stamp,
        )
    ]


def _pdf(chain: Chain, _: str) -> list[bytes]:
    from partimento.export.pdf import to_pdf

    piece = chain.piece
    pdf = to_pdf(chain.pages, title=piece.title, author=piece.composer, remark=chain.stamp)
    return [pdf]


def _sound(chain: Chain, suffix: str) -> list[bytes]:
    from partimento.export.audio import to_sound_file

    played = chain.played or chain.piece
    return [to_sound_file(played, suffix, chain.soundfont, comment=chain.stamp)]


def _json(chain: Chain, _: str) -> list[str]:
    return [check_text("the piece", chain.piece.to_json()) + "\n"]


def _guitar_pro(chain: Chain, _: str) -> list[bytes]:
    from partimento.guitar.fingerings import with_all_frets
    from partimento.io.guitar_pro.write import to_guitar_pro

    return [to_guitar_pro(with_all_frets(chain.piece))]


def _ascii_tab(chain: Chain, _: str) -> list[str]:
    from partimento.guitar.ascii_tab import to_ascii
    from partimento.guitar.fingerings import fingering

    has_frets = any(part.strings for part in chain.piece.parts)
    text = to_ascii(chain.piece if has_frets else fingering(chain.piece))
    return [f"{text}\n{chain.stamp}\n" if chain.stamp else text]


def _html(chain: Chain, _: str) -> list[str]:
    return [chain.page]
