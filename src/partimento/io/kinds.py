"""Say what helps with files that hold music, but in a format that is not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from partimento.io.formats import SUFFIXES

EXPORT = "export it as MusicXML (File, Export)"
SOUND = "sound, not notes: a transcription program such as Basic Pitch makes a MIDI file of it"
PICTURES = "pictures of notes: a music scanner such as Audiveris makes MusicXML of them"
PACKED = "a packed file: unpack it, or pack it again as a zip"
PROJECT = "a project of {}: export its notes as MIDI"

# Suffixes → what the file is, and what helps. Suffixes that have a reader are never looked up.
KINDS = {
    ".mscz .mscx .mscs": f"a MuseScore score: {EXPORT}",
    ".musx .mus .ftmx": f"a Finale score: {EXPORT}",
    ".sib": f"a Sibelius score: {EXPORT}",
    ".dorico": f"a Dorico score: {EXPORT}",
    ".cap .capx": f"a capella score: {EXPORT}",
    ".enc .encx": f"an Encore score: {EXPORT}",
    ".nwc .nwctxt": f"a NoteWorthy Composer score: {EXPORT}",
    ".ove .ovex": f"an Overture score: {EXPORT}",
    ".myr": f"a Melody Assistant score: {EXPORT}",
    ".gtp .gp1 .gp2": "a Guitar Pro 1 or 2 score: open it in Guitar Pro, and save it as .gp5",
    ".ptb .pt2": "a Power Tab score: open it in TuxGuitar, and export it as Guitar Pro 5 or MIDI",
    ".tg .tgb .tux": "a TuxGuitar score: export it as Guitar Pro 5, MusicXML or MIDI",
    ".tef": "a TablEdit score: export it as MusicXML or MIDI",
    ".mnx": "an MNX score: export it as MusicXML from the program that wrote it",
    ".ly .ily": r"LilyPond source: write \midi {} into its \score, and LilyPond makes a MIDI file",
    ".mup .pmx .mtx": "source of a typesetting program: let that program write MIDI",
    ".bww .bmw": "a bagpipe score: open it in MuseScore, and export it as MusicXML",
    ".mod .xm .s3m .it .stm .med": "a tracker module: export it as MIDI from a tracker program",
    ".band .logic .logicx": PROJECT.format("GarageBand or Logic"),
    ".als": PROJECT.format("Ableton Live"),
    ".flp": PROJECT.format("FL Studio"),
    ".cpr": PROJECT.format("Cubase"),
    ".rpp": PROJECT.format("Reaper"),
    ".mp3 .wav .wave .flac .ogg .oga .opus .m4a .aac .aif .aiff .aifc .wma .ape .caf .amr": SOUND,
    ".mp4 .m4v .mov .avi .mkv .webm .wmv .mpg .mpeg": f"a film: its {SOUND}",
    ".pdf .png .jpg .jpeg .tif .tiff .gif .bmp .webp .svg .svgz .djvu .ps .eps .heic": PICTURES,
    ".7z .rar .tar .tgz .gz .bz2 .xz .zst .lz .lzh .tbz .txz": PACKED,
}
_ADVICE = {suffix: advice for suffixes, advice in KINDS.items() for suffix in suffixes.split()}
# Endings that programs add to the name of a file.
BACKUPS = (".bak", ".backup", ".old", ".orig", ".save", ".tmp", "~", ",")
DOWNLOADS = (".part", ".crdownload", ".download", ".partial")


def advice_for(name: str) -> str:
    """Return what a file is and what would help, by its name.

    Returns
    -------
    str
        Empty for scores that are read, and for files that are plainly no music.

    Examples
    --------
    >>> advice_for("Prelude.MSCZ")
    'a MuseScore score: export it as MusicXML (File, Export)'
    >>> advice_for("prelude.mid.bak")
    'a backup: remove the ending .bak to have it read'
    >>> advice_for("prelude.mid"), advice_for("README.txt")
    ('', '')
    """
    name = PurePath(name).name.lower()
    for ending in _endings(name, BACKUPS):
        if PurePath(name.removesuffix(ending)).suffix in SUFFIXES:
            return f"a backup: remove the ending {ending} to have it read"
        return advice_for(name.removesuffix(ending))
    for ending in _endings(name, DOWNLOADS):
        inner = name.removesuffix(ending)
        if PurePath(inner).suffix in SUFFIXES or advice_for(inner):
            return "an unfinished download: load it again"
    suffix = PurePath(name).suffix
    return "" if suffix in SUFFIXES else _ADVICE.get(suffix, "")


def _endings(name: str, endings: tuple[str, ...]) -> Iterator[str]:
    return (ending for ending in endings if name.endswith(ending))
