"""The workflow as a table: what leads from where to where; `docs/shopping-workflow.svg` is drawn of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batuta.shopping.models import State

_START: Final = frozenset({State.MEDIA_PROCESSING, State.REQUIREMENT_BUILDING})
"""A message has come: with media they are read first."""
_ENDS: Final = frozenset({State.FAILED, State.CANCELLED})
"""Any turn under way may fail, and somebody may call it off."""

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.INITIAL: _START | _ENDS,
    State.MEDIA_PROCESSING: frozenset({State.REQUIREMENT_BUILDING}) | _ENDS,
    # Nothing to search for yet is asked at once; what was found already can be set side by side.
    State.REQUIREMENT_BUILDING: frozenset({State.CLARIFICATION, State.SEARCHING, State.COMPLETED}) | _ENDS,
    State.CLARIFICATION: _START | _ENDS,
    State.SEARCHING: frozenset({State.RANKING}) | _ENDS,
    # A question stands beside provisional results.
    State.RANKING: frozenset({State.CLARIFICATION, State.COMPLETED}) | _ENDS,
    State.COMPLETED: _START | _ENDS,
    State.FAILED: _START | _ENDS,
    State.CANCELLED: _START | _ENDS,
}
WAITING: Final = frozenset(
    {State.INITIAL, State.CLARIFICATION, State.COMPLETED, State.FAILED, State.CANCELLED}
)
"""Between two turns."""


class Walk:
    """One turn's way through the table."""

    def __init__(self, state: State) -> None:
        self.state = state

    def to(self, state: State) -> State:
        """Go on; raises `RuntimeError` where the table has no such way: a mistake of ours."""
        if state not in TRANSITIONS[self.state]:
            raise RuntimeError(f"the workflow has no way from {self.state} to {state}")
        self.state = state
        return state
