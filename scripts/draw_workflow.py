"""Draw the workflow of shopping: `python scripts/draw_workflow.py > docs/shopping-workflow.svg`.

The picture is made of the table in `batuta.shopping.workflow`; a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from batuta.shopping.models import State
from batuta.shopping.workflow import TRANSITIONS

WIDTH: Final = 210
HEIGHT: Final = 44
PLACES: Final = {
    State.INITIAL: (400, 50),
    State.MEDIA_PROCESSING: (140, 150),
    State.REQUIREMENT_BUILDING: (400, 270),
    State.SEARCHING: (400, 370),
    State.RANKING: (400, 490),
    State.CLARIFICATION: (700, 270),
    State.COMPLETED: (140, 430),
    State.FAILED: (700, 50),
    State.CANCELLED: (700, 150),
}
"""Middles of the boxes."""
ENDS: Final = (State.FAILED, State.CANCELLED)
ASIDE: Final = 9
"""Ways there and back lie so far beside each other."""
HEAD: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 560" role="img"
  aria-label="The states of a shopping conversation and what leads from which to which">
<style>
  rect { fill: #eef4fb; stroke: #33658a; stroke-width: 1.5 } .end rect { fill: #f6eeee; stroke: #8a3333 }
  .waits rect { fill: #eef8ef; stroke: #2f7a3f }
  text { font: 14px sans-serif; text-anchor: middle; fill: #1b2733 }
  path { fill: none; stroke: #566573; stroke-width: 1.4; marker-end: url(#tip) } .note { fill: #566573 }
</style>
<rect width="840" height="560" style="fill: #fff; stroke: none"/>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
  <polygon points="0,0 10,5 0,10" fill="#566573"/></marker></defs>"""


def drawn() -> str:
    """The picture as SVG."""
    return "\n".join([HEAD, *_ways(), *_boxes(), "</svg>", ""])


def _ways() -> Iterator[str]:
    """An arrow for every way of the table; those that lead from everywhere to the ends are one sentence."""
    everywhere = [end for end in ENDS if all(end in others for others in TRANSITIONS.values())]
    for state, others in TRANSITIONS.items():
        for other in sorted(others, key=list(State).index):
            if other in everywhere or state in ENDS:
                continue
            yield f"<!-- {state} to {other} -->" + _arrow(state, other)
    names = " or ".join(everywhere)
    note = f"Every state may lead to {names}; from there the next message goes on as from INITIAL."
    yield f'<text class="note" x="420" y="540">{note}</text>'


def _arrow(state: State, other: State) -> str:
    (x, y), (to_x, to_y) = PLACES[state], PLACES[other]
    length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
    across = (-(to_y - y) / length * ASIDE, (to_x - x) / length * ASIDE)
    start = _edge((x, y), across, (to_x - x, to_y - y))
    stop = _edge((to_x, to_y), across, (x - to_x, y - to_y))
    return f'<path d="M{start[0]:.0f},{start[1]:.0f} L{stop[0]:.0f},{stop[1]:.0f}"/>'


def _edge(
    middle: tuple[float, float], across: tuple[float, float], along: tuple[float, float]
) -> tuple[float, float]:
    """Where the line in this direction, so far beside the middle of a box, leaves the box."""
    halves = (WIDTH / 2 + 2, HEIGHT / 2 + 2)
    reach = min(
        (half - (aside if way > 0 else -aside)) / abs(way)
        for half, aside, way in zip(halves, across, along, strict=True)
        if way
    )
    return middle[0] + across[0] + along[0] * reach, middle[1] + across[1] + along[1] * reach


def _boxes() -> Iterator[str]:
    for state, (x, y) in PLACES.items():
        kind = (
            "end"
            if state in ENDS
            else "waits"
            if state in {State.CLARIFICATION, State.COMPLETED}
            else "works"
        )
        yield (
            f'<g class="{kind}"><rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" '
            f'height="{HEIGHT}" rx="8"/><text x="{x}" y="{y + 5}">{state}</text></g>'
        )


if __name__ == "__main__":
    sys.stdout.write(drawn())
