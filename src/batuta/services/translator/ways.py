"""The way from one language into another: its legs, who does each, and which way is the best. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import groupby, pairwise
from typing import Final, NamedTuple, Self

from batuta.errors import InvalidRequest
from batuta.services.transcriber.languages import spoken

PIVOT: Final = "en"
"""Firefox models go from or to English, all of them."""
MOST_LEGS: Final = 3
"""Each loses some of the sense; the third is gone only where there is no other way."""


class Engine(StrEnum):
    """Who translates a leg."""

    BERGAMOT = "bergamot"
    APERTIUM = "apertium"
    CHAT = "chat"


_MODEL, _CLOSE_RULES, _RULES = 1.0, 2.25, 5.0
"""What a leg costs: a model, Apertium between close languages, Apertium between others.

Measured (facts/media-engines.md, section 3; chrF): models 84 to 86, Apertium es-pt 72 to 75, Apertium eng-spa
53 to 56. So en → pt → es (68) goes before Apertium's own en → es (56), and es → pt → en (74) before its
es → en (53). That two models (2.0) go before rules between close languages (2.25) is a choice: rules leave
words they do not know as they are, and a voice would read them out. Two such legs still go before one of 5.
"""
_CLOSE: Final = (
    frozenset({"ca", "es", "fr", "gl", "it", "oc", "pt"}),
    frozenset({"da", "nn", "no", "sv"}),
    frozenset({"be", "ru", "uk"}),
    frozenset({"bg", "mk"}),
    frozenset({"af", "nl"}),
    frozenset({"hi", "ur"}),
    frozenset({"kk", "tt"}),
)
"""Languages so much alike that words can be replaced one by one; measured with es-pt, the rest by kinship."""


class Pair(NamedTuple):
    """From one language into another; both are codes of `LANGUAGES`."""

    source: str
    target: str

    @classmethod
    def named(cls, name: str) -> Self | None:
        """The pair a folder called `en-pt` is for; None for any other name."""
        parts = name.split("-")
        try:
            codes = [spoken(part) for part in parts]
        except InvalidRequest:
            return None
        match codes:
            case [str(source), str(target)] if source != target:
                return cls(source, target)
            case _:
                return None

    def __str__(self) -> str:
        return f"{self.source}-{self.target}"


class Leg(NamedTuple):
    """A pair that somebody translates directly."""

    pair: Pair
    engine: Engine

    @property
    def cost(self) -> float:
        """How much worse the text gets."""
        if self.engine is not Engine.APERTIUM:
            return _MODEL
        return _CLOSE_RULES if any(group.issuperset(self.pair) for group in _CLOSE) else _RULES


@dataclass(frozen=True)
class Route:
    """Legs one after the other: direct, or through other languages."""

    legs: tuple[Leg, ...]

    @classmethod
    def through(cls, *languages: str, engine: Engine = Engine.BERGAMOT) -> Self:
        """The way through these languages, two at least, all of it by one engine."""
        return cls(tuple(Leg(Pair(*pair), engine) for pair in pairwise(languages)))

    @property
    def source(self) -> str:
        """Where it begins."""
        return self.legs[0].pair.source

    @property
    def target(self) -> str:
        """Where it ends."""
        return self.legs[-1].pair.target

    @property
    def pair(self) -> Pair:
        """From where to where."""
        return Pair(self.source, self.target)

    @property
    def pivots(self) -> tuple[str, ...]:
        """The languages in between."""
        return tuple(leg.pair.target for leg in self.legs[:-1])

    @property
    def pivot(self) -> str | None:
        """The languages in between, for people; None when there are none."""
        return ", ".join(self.pivots) or None

    @property
    def has_rules(self) -> bool:
        """Whether Apertium does any of it."""
        return any(leg.engine is Engine.APERTIUM for leg in self.legs)

    @property
    def parts(self) -> tuple[Route, ...]:
        """The way in stretches that one engine does."""
        return tuple(Route(tuple(legs)) for _, legs in groupby(self.legs, key=lambda leg: leg.engine))

    @property
    def done_by(self) -> str:
        """Who does which legs, for example `bergamot:en-pt+apertium:pt-es`."""
        return "+".join(
            f"{part.legs[0].engine}:{'+'.join(str(leg.pair) for leg in part.legs)}" for part in self.parts
        )

    @cached_property
    def cost(self) -> float:
        """How much worse the text gets."""
        return sum(leg.cost for leg in self.legs)

    def __str__(self) -> str:
        how = [f"through {self.pivot}"] * bool(self.pivots) + ["with Apertium"] * self.has_rules
        return f"{self.source} → {self.target}" + (f" ({', '.join(how)})" if how else "")


def best_routes(models: AbstractSet[Pair], rules: AbstractSet[Pair]) -> dict[Pair, Route]:
    """The best way for every pair that has one, direct ones first; `rules` are Apertium's pairs.

    The cheapest of one or two legs, of three where there is none; without Apertium through English only.
    """
    single = {pair: Route((Leg(pair, Engine.APERTIUM),)) for pair in rules}
    single |= {pair: Route((Leg(pair, Engine.BERGAMOT),)) for pair in models}
    found = dict(single)
    for count in range(2, MOST_LEGS + 1):
        longer: dict[Pair, Route] = {}
        but_not = found.keys() if count == MOST_LEGS else frozenset[Pair]()
        shorter = [route for route in found.values() if len(route.legs) == count - 1]
        for route in _extended(shorter, single, but_not):
            longer[route.pair] = min(route, longer.get(route.pair, route), key=_rank)
        for pair, route in longer.items():
            found[pair] = min(route, found.get(pair, route), key=_rank)
    return dict(sorted(found.items(), key=lambda item: (len(item[1].legs), item[0])))


def _extended(shorter: list[Route], single: dict[Pair, Route], but_not: AbstractSet[Pair]) -> Iterator[Route]:
    """The routes with each leg that may follow; none comes back to a language it has been through."""
    out_of: defaultdict[str, list[Leg]] = defaultdict(list)
    for pair, route in single.items():
        out_of[pair.source] += route.legs
    for route in shorter:
        passed = {route.source, *route.pivots}
        for leg in out_of[route.target]:
            target = leg.pair.target
            if target in passed or (route.source, target) in but_not:
                continue
            longer = Route((*route.legs, leg))
            if longer.has_rules or longer.pivots == (PIVOT,):
                yield longer


def _rank(route: Route) -> tuple[float, int, bool, tuple[str, ...]]:
    return route.cost, len(route.legs), route.pivots != (PIVOT,), route.pivots
