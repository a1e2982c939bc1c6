"""For whom it is, and when it is given: `for my daughter`, `as a gift`, `for a 6 year old`.

Nothing of a product is told by it, so it is not searched for; the catalogue's own words (`for hiking`) are.
"""

from __future__ import annotations

from typing import Final

from batuta.services.products import Range
from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.languages.occasions import GIFTS, OCCASIONS, OWNERS, YEARS
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class

_WITH: Final = frozenset({"with", "con", "com", "avec", "mit"})
_FOR_HER: Final = frozenset({"for her", "for him"})
_AS: Final = frozenset({"as", "como", "als", "comme", "come", "por", "per", "zum", "zur", "al"})
_PASSED: Final = frozenset(
    {Sense.FILLER, Sense.THE, Sense.AND, Sense.OR, Sense.TO, Sense.FROM, Sense.ONE, Sense.CONDITION}
)
_BOUNDS: Final = frozenset({Sense.BELOW, Sense.ABOVE, Sense.FROM})
_ENDS: Final = frozenset({Sense.STOP, Sense.QUESTION, Sense.COMMA, Sense.BUT, Sense.AND, Sense.FOR})
_AGED: Final = frozenset({"aged", "age", "ages"})
_GROWN_UP: Final = 18
_AGE: Final = "age"
_OLDEST: Final = 120


def hear_occasions(hearing: Hearing, denied: frozenset[int]) -> None:
    """Take what is said of persons and occasions; an age bounds from which age a game is."""
    hearing.occasions = {*_occasions(hearing, denied)}
    hearing.take(hearing.occasions)


def release(hearing: Hearing) -> bool:
    """Give them back where nothing else is known and nothing asked: `a birthday gift` is all there is."""
    alone = hearing.context.spec.is_empty and hearing.context.question is None and not hearing.facts
    if not hearing.occasions or not alone or hearing.has(Sense.RESET):
        return False
    hearing.used -= hearing.occasions
    hearing.occasions = set()
    return True


def _occasions(hearing: Hearing, denied: frozenset[int]) -> list[int]:
    """The places behind `for`, `as` or `my`, as long as nothing else is said."""
    words = frozenset[str]().union(*(OCCASIONS.get(code, ()) for code in hearing.cut.languages))
    found: list[int] = []
    of_whom = False
    for place, piece in enumerate(hearing.pieces):
        begins = piece.sense is Sense.FOR and piece.text not in _WITH
        owned = piece.sense is Sense.FILLER and piece.text in OWNERS | _AS
        if begins or owned:
            of_whom = True
        elif piece.text in _FOR_HER and hearing.at(place + 1).text in words | GIFTS:
            found.append(place)  # `for her birthday`
            of_whom = True
        elif not hearing.free(place) or place in denied:
            of_whom = False
        elif of_whom and (age := _age(hearing, place, bounded=place - 1 in found)):
            found += age
        elif piece.text in GIFTS or (of_whom and piece.text in words):
            of_whom = _says_nothing(hearing, place, words)
            found += [place] if of_whom else []
            if of_whom and hearing.free(place - 1) and hearing.at(place - 1).text in words:
                found.append(place - 1)  # `wedding gift`
        elif piece.sense not in _PASSED and place not in found:
            of_whom = False
    return found


def _says_nothing(hearing: Hearing, place: int, words: frozenset[str]) -> bool:
    """Whether it is no word of this catalogue here, and not one half of another thing: `baby stroller`."""
    piece, after = hearing.at(place), hearing.at(place + 1)
    if piece.sense not in {Sense.UNKNOWN, Sense.ENTRY}:
        return False
    if after.sense is Sense.UNKNOWN and after.text not in words | GIFTS:
        return False
    fits = hearing.vocabulary.fits
    return not any(
        entry.of in {Class.TYPE, Class.BRAND} or fits(entry.facet, hearing.kind) is not False
        for entry in piece.entries
    )


def _age(hearing: Hearing, place: int, *, bounded: bool) -> list[int]:
    """The pieces of `6 year old`, and behind a person also of `under 12` or `aged 8`."""
    cue = bounded and (hearing.sense(place) in _BOUNDS or hearing.at(place).text in _AGED)
    at = place + 1 if cue else place
    number, after = hearing.at(at).number, hearing.at(at + 1)
    if hearing.sense(at) is not Sense.NUMBER or number is None:
        return []
    if after.text in YEARS:
        end = at + 2
    elif cue and number.plain <= _GROWN_UP and after.sense in _ENDS:
        end = at + 1
    else:
        return []
    _hear_age(hearing, at, number.plain)
    return list(range(place, end))


def _hear_age(hearing: Hearing, place: int, years: float) -> None:
    """What is meant for an age is meant for those who are older too."""
    for each in hearing.vocabulary.numeric.values():
        fits = hearing.vocabulary.fits(each.facet, hearing.kind)
        if each.label == _AGE and fits and 0 < years <= _OLDEST:
            hearing.want(place, each.facet, Range(max=years))
