"""Map the instrument codes of Humdrum to General MIDI programs."""

from __future__ import annotations

from partimento.errors import PartimentoError
from partimento.music.instruments import PROGRAMS, program_named

# General MIDI program → codes of instruments that sound like it.
CODES = {
    0: "piano forte klav",
    6: "cemba clavi spine virgi",
    8: "clest",
    9: "glock",
    11: "vibra",
    12: "marim",
    13: "xylo",
    14: "chime campn caril",
    15: "dulc psalt",
    16: "hammd",
    19: "organ",
    20: "reedo armoni calpe",
    21: "accor ctina",
    22: "armon",
    24: "guitr liuto arclu archl tiorb vihue cetra quitr mando chitr bandu ukule ud",
    27: "eguit",
    33: "bguit",
    40: "violn violp rebec viols",
    41: "viola viold violt",
    42: "cello violb",
    43: "cbass",
    46: "arpa",
    47: "timpa",
    48: "str",
    52: "soprn cant mezzo calto alto tenor barit bass vox ctenor heltn lyrtn bspro bscan false"
    " castr feme male nfant recit lyrsp drmsp colsp quint secu",
    56: "tromp cornt",
    57: "trombt tromt tromb troms troma bras sackb",
    58: "tuba ophic sarus",
    60: "cor flugh",
    64: "saxS",
    65: "saxA",
    66: "saxT",
    67: "saxR saxB",
    68: "oboe oboeD chlms chlma chlmt ww krums kruma krumt krumb",
    69: "cangl",
    70: "fagot fag_c",
    71: "clars clara clarb clarp baset calam",
    72: "picco fife",
    73: "flt flt_a flt_b",
    74: "fltds fltdn fltda fltdt fltdb",
    75: "panpi",
    77: "shaku",
    79: "ocarn",
    104: "sitar",
    105: "banjo",
    106: "shami",
    107: "koto",
    109: "bagpS bagpI cornm",
    110: "hurdy",
    114: "steel",
}
PROGRAM_BY_CODE = {code: program for program, codes in CODES.items() for code in codes.split()}
VOICE = 52
# Names for the codes of voices, and of instruments whose program has another name.
NAMES = {
    "soprn": "Soprano",
    "cant": "Cantus",
    "mezzo": "Mezzo-soprano",
    "calto": "Alto",
    "alto": "Alto",
    "tenor": "Tenor",
    "barit": "Baritone",
    "bass": "Bass",
    "vox": "Voice",
    "quint": "Quintus",
    "liuto": "Lute",
    "mando": "Mandolin",
    "flt": "Flute",
    "picco": "Piccolo",
    "cbass": "Double bass",
    "forte": "Fortepiano",
    "vihue": "Vihuela",
    "ukule": "Ukulele",
}
# Instruments whose pitches name no tones.
DRUM_CODES = (
    "perc bdrum sdrum crshc ridec spshc piatt casts tambn tom trngl gong marac bongo cowbl kit"
    " cdrum congas clvs hihat block timbl guiro tamtm"
)
DRUMS = frozenset(DRUM_CODES.split())
KEYBOARD_CODES = "piano forte klav cemba clavi virgi clest organ reedo hammd accor"
KEYBOARDS = frozenset(KEYBOARD_CODES.split())


def program_of(code: str, name: str, number: int | None) -> int | None:
    """Return the General MIDI program of an instrument, or None if it is unknown.

    Parameters
    ----------
    code : str
        The code of Humdrum, without ``*I``.
    name : str
        The name as it is printed.
    number : int or None
        The number of General MIDI, from 1 on. The code and the name take precedence, because in
        some files this number only counts the players of an instrument.

    Examples
    --------
    >>> program_of("clars", "", None), program_of("", "Violin", 1), program_of("", "", 53)
    (71, 40, 52)
    """
    if code in PROGRAM_BY_CODE:
        return PROGRAM_BY_CODE[code]
    if name:
        try:
            return program_named(name)
        except PartimentoError:
            pass
    return number - 1 if number is not None and 1 <= number <= 128 else None


def name_of(code: str) -> str:
    """Return the English name of an instrument code; an empty string if it is unknown.

    >>> name_of("violn"), name_of("calto"), name_of("clars")
    ('Violin', 'Alto', 'Clarinet')
    """
    if code in NAMES or code not in PROGRAM_BY_CODE:
        return NAMES.get(code, "")
    return PROGRAMS[PROGRAM_BY_CODE[code]].capitalize()
