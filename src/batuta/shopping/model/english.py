"""English words for checking a wording: those that say nothing, claims, numbers. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PLAIN: Final = """
a about above across actually add after again all almost already also although always am among an and
another any anything are aren't around as ask asked at available away back be because been before behind below
beside besides best better between beyond big bit both brand brands bring browse budget but by came can
can't case check choice choices choose close closest come comes compare compared comparison consider cost
costs could couldn't course criteria currently customer customers day days decent depending did didn't
different do does doesn't don't down each easily easy either else end enjoy enough entire especially even
every everyday everything exactly example exceed exceeds excellent expect explore fall falls far feature
features feel few fewer find fine first fit fits following for found four friendly from full fully
further gave get gets give given gives go goes going good got great had handy happy has have having hello
help helpful helps here here's hey hi high higher highly hope how however i i'd i'll i'm i've idea ideal
if in including inside instead into is isn't it it's its itself just keep keeps kind know last later
least less let let's like likes limit line list little long look looking looks lot lots love lovely low
lower made make makes many match matched matches matching may maybe me mean means meet meets mention met
might mind mix more most much must my narrow near nearest nearly need needs never next nice no none nor
not note nothing now of offer offers often ok okay on once one ones only open option options or other others
our out outside over overall own pair pairs particular people per perfect perhaps pick picked picks
please plenty plus point possible prefer preferences preferred price priced prices product products quick
quite range rate rated rather rating ratings reach ready really reason reasons relaxed remain request
requested requirements rest result results review reviewer reviewers reviews right said same say score
scores search second see seem seems sell sells set several shall short should show showing shown shows
side similar simple simply since sit sits slightly small so solid some someone something soon sorry spot
stand stands star stars start still stretch strong such suggest suggestion suit suitable suits sure take
takes tell than thank thanks that that's the their them then there there's these they they're thing
things think third this those though three through to today together too top total towards treat try
turned two type under unfortunately unless until up upon us use used useful uses using value very want
wanted wants was wasn't way we we've well were what what's when where whether which while who why will
wise wish with within without won't wonderful work works worth would yes yet you you'd you'll you're
you've your yours
"""
PLAIN: Final = frozenset(_PLAIN.split())
"""Words of any wording; most say nothing of a product, and those that do are praise."""

_CLAIMS: Final = """
award awards bargain bestselling bestseller certified cheap cheaper clearance cashback coupon deal deals
delivered delivery discount discounted discounts durable exclusive free gift guarantee guaranteed
guarantees half limited new newest off original popular promo promotion recall recommended reduced refund
refunds refurbished return returns safe sale sales save saves saving savings secure shipped shipping
ships sold stock trending unlimited used voucher warranty certificate medical tested approved endorsed
official verified premium luxury click link call email website subscribe password card
"""
CLAIMS: Final = frozenset(_CLAIMS.split()) - PLAIN
"""Words that promise something, or tell somebody to do something: only where the facts have them."""
NO_SUPERLATIVES: Final = frozenset(
    {"best", "rest", "test", "west", "interest", "request", "suggest", "honest"}
)
"""Words that end like one, or (`best`) are an opinion anybody may have."""

NUMBER_WORDS: Final[Mapping[str, float]] = {
    "zero": 0,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "dozen": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "twice": 2,
    "double": 2,
    "triple": 3,
}
"""`one` is not among them: it is a pronoun."""
