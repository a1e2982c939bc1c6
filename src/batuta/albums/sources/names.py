"""When two names of an artist or an album mean the same: spelling, accents, "The", "&", editions. Pure.

Names compare after NFKC (which is NFC and full-width letters), casefold, and without punctuation. Accents are
dropped from Latin and Greek letters, whose capitals go without; elsewhere a mark makes another letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from batuta.albums.sources.answers import Kind
from batuta.albums.sources.editions import work_of
from batuta.errors import InvalidRequest

LONGEST: Final = 300
"""Characters of a name that count."""
SAME: Final = 100
REORDERED: Final = 95
"""The same artists, in another order."""
PART: Final = 80
"""One of the artists credited together."""
MAIN_TITLE: Final = 70
"""The same title but for a subtitle or a bracket nobody knows."""

_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ё": "е"}  # noqa: RUF001
)
_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc\u2032`]")
_ACCENTED: Final = re.compile(r"[a-z\u0370-\u03ff]")
_THE_LAST: Final = re.compile(r"^(.+), the$")
_AND: Final = re.compile(r"\s*&\s*|(?<=\S)\s+\+\s+(?=\S)")
_ABBREVIATED: Final = {"vol": "volume", "vols": "volume", "pt": "part", "pts": "part"}
_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_NUMBERED: Final = frozenset({"volume", "part"})
_TOGETHER: Final = re.compile(
    r"\s*(?:[,;/&]|(?<=\s)\+(?=\s)|\b(?:and|feat|ft|featuring|with|x|vs|meets|presents)\b\.?)\s*"
)
_GUESTS: Final = re.compile(r"\s*[(\[]?\b(?:feat\.|feat|ft\.|featuring)\s.*$")
_MANY: Final = frozenset(
    {"variousartists", "various", "va", "diverseinterpreten", "verschiedeneinterpreten", "artistesdivers"}
)
VARIOUS: Final = "variousartists"
_OTHER_WORK: Final = re.compile(
    r"\b(?:live|unplugged|remix(?:es|ed)?|acoustic|demos?|instrumentals?|karaoke|tribute|cover(?:s|ed)?|versions?"
    r"|sessions?|vol|volume|pt|part|chapter|book|best of|greatest|outtakes|bootleg|orchestral|symphonic"
    r"|reimagined|b-sides)\b|\d"
)
"""A subtitle with one of these makes another work of it."""
_SUBTITLE: Final = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]\s*$|\s*:\s+(.*)$|\s+[-–—]\s+(.*)$")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Title:
    """An album's title, read."""

    key: str
    """Two titles of the same work have the same; empty only for a blank title."""
    main: str
    """The key without a subtitle; the key itself where there is none, or it makes another work of it."""
    edition: bool
    kind: Kind | None


def clean(name: str, what: str) -> str:
    """A name as it can be asked for; `what` it is the name of. Raises `InvalidRequest` for a blank one."""
    name = name.encode(errors="replace").decode()  # half a surrogate pair, from a damaged tag
    text = " ".join(
        "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name)).split()
    )
    if not text:
        raise InvalidRequest(f"the {what}'s name is blank: give one.")
    return text[:LONGEST]


@lru_cache(maxsize=4096)
def read_title(title: str) -> Title:
    """What counts in a title."""
    work = work_of(_lower(title))
    key = _key(work.title)
    main, found = key, _SUBTITLE.search(work.title)
    if found is not None and not _OTHER_WORK.search(found[0]):
        main = _key(work.title[: found.start()]) or key
    return Title(key, main, work.edition, work.kind)


def searchable_title(title: str) -> str:
    """The title without its edition, for a source's search."""
    return work_of(_lower(title)).title or title


def searchable_artist(artist: str) -> str:
    """The artist without guests and "The", which not every source writes."""
    text = _the_first(_GUESTS.sub("", _lower(artist)) or _lower(artist))
    return text.removeprefix("the ") if text not in {"the the", "the"} else text


@lru_cache(maxsize=4096)
def read_artist(artist: str) -> str:
    """What counts in an artist's name; two names of the same artist have the same."""
    key = _key(_GUESTS.sub("", _lower(artist)) or _lower(artist))
    return VARIOUS if key in _MANY else key


def title_match(asked: str, title: str, comment: str = "") -> int:
    """0 to 100: whether `title`, told apart by `comment`, is what was asked for."""
    wanted, found = read_title(asked), read_title(title)
    if not wanted.key:
        return 0
    if wanted.key == found.key or (comment and wanted.key == read_title(f"{title} {comment}").key):
        return SAME
    # One of them may have a subtitle the other lacks; two different subtitles are two works.
    return MAIN_TITLE if wanted.main == found.key or found.main == wanted.key else 0


def artist_match(asked: str, artist: str, also_known_as: Iterable[str] = ()) -> int:
    """0 to 100: whether the album is by whom was asked for."""
    wanted = read_artist(asked)
    if not wanted:
        return 0
    if wanted == read_artist(artist) or any(wanted == read_artist(name) for name in also_known_as):
        return SAME
    ours, theirs = _members(asked), _members(artist)
    if ours and ours == theirs:
        return REORDERED
    return PART if wanted in theirs or read_artist(artist) in ours else 0


@lru_cache(maxsize=4096)
def _members(artist: str) -> frozenset[str]:
    """The keys of artists credited together."""
    return frozenset(filter(None, (_key(part) for part in _TOGETHER.split(_lower(artist)))))


def _lower(text: str) -> str:
    """In lower case with single blanks, in one of the spellings Unicode has for it."""
    return " ".join(unicodedata.normalize("NFKC", text[: 2 * LONGEST]).casefold().split())[:LONGEST]


def _the_first(text: str) -> str:
    return _THE_LAST.sub(r"the \1", text)


def _key(text: str) -> str:
    text = _AND.sub(" and ", _APOSTROPHES.sub("", _the_first(text)))
    words = "".join(
        c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in _plain(text)
    ).split()
    if len(words) > 1 and words[0] == "the":
        del words[0]
    words = [_ABBREVIATED.get(word, word) for word in words]
    words = [
        _ROMAN.get(word, word) if at and words[at - 1] in _NUMBERED else word for at, word in enumerate(words)
    ]
    return "".join(words) or "".join(text.split())


def _plain(text: str) -> str:
    """Without accents on Latin and Greek letters."""
    kept: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.category(character) != "Mn":
            base = character
        elif _ACCENTED.match(base):
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS)
