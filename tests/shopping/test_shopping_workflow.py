"""The transition table, and the picture drawn of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from batuta.shopping.models import State
from batuta.shopping.workflow import TRANSITIONS, WAITING, Walk

ROOT = Path(__file__).parents[2]


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    """No state is forgotten, and none is a dead end."""
    assert set(TRANSITIONS) == set(State)
    reached = {State.INITIAL}
    for _ in State:
        reached |= {other for state in reached for other in TRANSITIONS[state]}
    assert reached == set(State)
    assert all(TRANSITIONS.values())


def test_the_states_are_the_seeds_in_its_order() -> None:
    """The names are part of the contract."""
    assert list(State)[:8] == [
        "INITIAL",
        "MEDIA_PROCESSING",
        "REQUIREMENT_BUILDING",
        "CLARIFICATION",
        "SEARCHING",
        "RANKING",
        "COMPLETED",
        "FAILED",
    ]


@pytest.mark.parametrize("state", sorted(WAITING))
def test_between_two_turns_a_message_may_come_with_media_or_without(state: State) -> None:
    """Whatever a turn ended in, the next one can begin."""
    assert {State.MEDIA_PROCESSING, State.REQUIREMENT_BUILDING} <= TRANSITIONS[state]


def test_a_way_that_is_not_in_the_table_is_a_mistake_of_ours() -> None:
    """A walk cannot jump."""
    walk = Walk(State.INITIAL)
    walk.to(State.REQUIREMENT_BUILDING)
    with pytest.raises(RuntimeError, match="no way from REQUIREMENT_BUILDING to RANKING"):
        walk.to(State.RANKING)
    assert walk.state is State.REQUIREMENT_BUILDING


def test_the_picture_in_the_docs_is_that_of_the_table() -> None:
    """Whoever changes the table draws it again."""
    script = ROOT / "scripts" / "draw_workflow.py"
    drawn = subprocess.run([sys.executable, script], check=True, capture_output=True, timeout=60).stdout
    assert drawn.decode() == (ROOT / "docs" / "shopping-workflow.svg").read_text()
