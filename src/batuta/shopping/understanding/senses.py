"""What a phrase does in a message, whatever the language: the vocabulary of the tables in `languages`."""

from __future__ import annotations

from enum import Enum, auto


class Sense(Enum):
    """The part that a piece of a message plays."""

    # Numbers
    NUMBER = auto()
    """Its value is the number; `two` is one, `one` is not."""
    HUNDRED = auto()
    """`hundred`, `thousand`, `k`: its value multiplies."""
    BELOW = auto()
    ABOVE = auto()
    AROUND = auto()
    BETWEEN = auto()
    FROM = auto()
    TO = auto()
    OR_LESS = auto()
    """Only after the number."""
    OR_MORE = auto()
    CURRENCY = auto()
    """Its value is the code of ISO 4217."""
    STARS = auto()
    PERCENT = auto()
    INCH = auto()
    PLUS = auto()
    DASH = auto()

    # Holding together
    AND = auto()
    OR = auto()
    BUT = auto()
    COMMA = auto()
    STOP = auto()
    QUESTION = auto()

    # What to do with what is said
    NOT = auto()
    NO = auto()
    """An answer, a correction (`no, blue`) or a negation (`no leather`)."""
    YES = auto()
    NOT_ONLY = auto()
    NEED_NOT = auto()
    """`doesn't have to be`: forget it, without excluding it."""
    FREE = auto()
    """`latex-free`."""
    ONLY = auto()
    WANT = auto()
    ALSO = auto()
    CORRECT = auto()
    """The last thing said is to be changed: `make it`, `instead`."""
    MEANT = auto()
    """It was said wrongly: `I meant`."""
    FORGET = auto()
    ANY = auto()
    OTHER = auto()
    INDIFFERENT = auto()
    NO_LIMIT = auto()
    FACET = auto()
    """The name of a facet that every catalogue has; its value is the facet."""
    BY = auto()
    """A brand follows."""
    FOR = auto()
    """What follows is not the thing itself: `headphones for my phone`."""

    # What is wanted
    CHEAP = auto()
    PREMIUM = auto()
    CHEAPER = auto()
    PRICIER = auto()
    SORT = auto()
    """Its value is the order."""
    BEST = auto()
    WELL_RATED = auto()
    CONDITION = auto()
    IN_STOCK = auto()
    EXTREME = auto()
    """`lightest`, `bigger`: nothing that the catalogue can be ordered by."""
    ENTRY = auto()
    """Words of the catalogue."""
    UNKNOWN = auto()
    """A word that nobody knows."""

    # References
    THE = auto()
    ONE = auto()
    ONES = auto()
    THIS = auto()
    THESE = auto()
    OF_THESE = auto()
    PLACE = auto()
    """`number`, `#`: the place in a list follows."""
    ORDINAL = auto()
    """Its value is the place from 1; -1 is the last."""
    COMPARE = auto()
    DETAIL = auto()
    WHICH = auto()
    LIKE = auto()
    THAN = auto()

    # Acts
    RESET = auto()
    CANCEL = auto()
    REPEAT = auto()
    MORE = auto()
    SMALLTALK = auto()
    SEEK = auto()

    FILLER = auto()
    """Says nothing by itself."""
