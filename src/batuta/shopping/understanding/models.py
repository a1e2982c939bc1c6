"""What a message means: the understanding's inputs and its result."""

from __future__ import annotations

from enum import StrEnum

from batuta.services.products import Frozen, RequirementSpec
from batuta.shopping.models import Notice, Question, Shown


class Act(StrEnum):
    """What somebody does with a message."""

    SEARCH = "search"
    """He says what he wants, or changes it: search."""
    SKIP = "skip"
    """He has no preference about what was asked."""
    COMPARE = "compare"
    """Set products side by side (`references`, or those shown)."""
    DETAIL = "detail"
    """More about one product (`references`)."""
    MORE = "more"
    """The next ones."""
    REPEAT = "repeat"
    """Say that again."""
    RESET = "reset"
    """Forget everything."""
    CANCEL = "cancel"
    """Never mind."""
    SMALLTALK = "smalltalk"
    """Greets, thanks, says goodbye: nothing to search for."""
    UNCLEAR = "unclear"
    """Nothing in it is understood."""


class Context(Frozen):
    """What the conversation knows before the message."""

    spec: RequirementSpec = RequirementSpec()
    question: Question | None = None
    shown: tuple[Shown, ...] = ()


class Understanding(Frozen):
    """What the message comes to."""

    act: Act
    spec: RequirementSpec
    """The requirement after the message; as before for acts that do not change it."""
    new_need: bool = False
    """The topic changed: what was asked and declined before is forgotten."""
    changed: tuple[str, ...] = ()
    """Facets that the message set, changed or removed."""
    removed: tuple[str, ...] = ()
    """Those of them that hold no longer (`forget the budget`)."""
    answered: str | None = None
    """The facet of the open question, where the message answers it."""
    declined: tuple[str, ...] = ()
    """Facets of which he says that they do not matter (`any brand`, a skipped question): not to be asked."""
    references: tuple[int, ...] = ()
    """Places in `Context.shown`, from 0."""
    notices: tuple[Notice, ...] = ()
    """`corrected` (a misspelt word), `assumed` (what `cheap` was taken for), `dropped` (constraints that make
    no sense for the new type, a bound without room), `out_of_range` (there is no ninth one), `ignored` (what
    cannot be done: order by `lightest`)."""
