"""What is heard in a message, piece by piece, before anything of it is applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from batuta.services.products import Range, Scalar
from batuta.shopping.models import Notice
from batuta.shopping.understanding.models import Context
from batuta.shopping.understanding.pieces import Cut, Piece
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Vocabulary

NOWHERE: Final = Piece(Sense.STOP, "", "")
"""Before the first piece and behind the last."""


class Deed(Enum):
    """What a message does to a facet."""

    WANT = auto()
    EXCLUDE = auto()
    DROP = auto()
    """It holds no longer; with a value only that value does not."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What something may cost; None leaves that bound as it is."""

    min: float | None = None
    max: float | None = None
    currency: str | None = None
    whole: bool = False
    """Says both bounds: a range, or about."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said."""

    at: int
    """The place of its piece."""
    deed: Deed
    facet: str
    """A facet of the requirement, or `keywords`, `sort_by`, `in_stock`."""
    value: Scalar | Range | Bounds | None = None
    soft: bool = False


@dataclass(slots=True)
class Hearing:
    """A message while it is being heard: every reader takes the pieces it understands."""

    cut: Cut
    context: Context
    vocabulary: Vocabulary
    facts: list[Fact] = field(default_factory=list[Fact])
    notices: list[Notice] = field(default_factory=list[Notice])
    used: set[int] = field(default_factory=set[int])
    declined: list[str] = field(default_factory=list[str])
    """Facets that do not matter, as he says."""
    references: list[int] = field(default_factory=list[int])
    """Places in what was shown."""
    compares: bool = False
    skips: bool = False
    """Has no preference about what was asked, and says so."""
    kind: str | None = None
    """The type of product that it is about, said now or before."""
    other_thing: bool = False
    """A word beside the type of product makes another thing of it: `phone case`."""
    occasions: set[int] = field(default_factory=set[int])
    """Places where it was said for whom it is, or for when."""
    modelled: bool = False
    """What is wanted is like a product that was shown."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of them, taken or not."""
        return self.cut.pieces

    @property
    def asked(self) -> str | None:
        """The facet of the open question."""
        return self.context.question.facet if self.context.question else None

    def at(self, place: int) -> Piece:
        """The piece at a place; nothing where there is none."""
        return self.cut.pieces[place] if 0 <= place < len(self.cut.pieces) else NOWHERE

    def sense(self, place: int) -> Sense:
        """The sense of the piece at a place."""
        return self.at(place).sense

    def free(self, place: int) -> bool:
        """Whether there is a piece that nobody has taken."""
        return 0 <= place < len(self.cut.pieces) and place not in self.used

    def take(self, places: Iterable[int]) -> None:
        """Nobody else is to understand these pieces."""
        self.used.update(places)

    def has(self, *senses: Sense) -> bool:
        """Whether a piece that nobody has taken has one of the senses."""
        return any(piece.sense in senses for place, piece in enumerate(self.pieces) if place not in self.used)

    def places(self, *senses: Sense) -> list[int]:
        """Of free pieces with one of the senses."""
        return [
            place
            for place, piece in enumerate(self.pieces)
            if piece.sense in senses and place not in self.used
        ]

    def tell(self, code: str, message: str) -> None:
        """Let the person know."""
        notice = Notice(code=code, message=message)
        if notice not in self.notices:
            self.notices.append(notice)

    def want(self, place: int, facet: str, value: Scalar | Range | Bounds) -> None:
        """It is wanted."""
        self.facts.append(Fact(place, Deed.WANT, facet, value))

    def drop(self, place: int, facet: str, value: Scalar | None = None) -> None:
        """It holds no longer."""
        self.facts.append(Fact(place, Deed.DROP, facet, value))
        if value is None and facet not in self.declined:
            self.declined.append(facet)
