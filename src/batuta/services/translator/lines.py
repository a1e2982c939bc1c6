"""Lines translated without ever being shifted: every line has an id, and an answer counts only under it.

A batch whose answer does not fit (ids missing, foreign or twice, nothing for something) is asked again in
halves, down to single lines; a single line that fails stays as it is, and the outcome names it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

from batuta.errors import EngineCrashed, ServiceError
from batuta.services.translator.ways import Route

HOPELESS: Final = 8
"""So many lines fail, one by one, before anything succeeds, and the backend is given up."""
_LONGEST: Final = 20
"""An answer with more than so many times the characters of its line, and some, is something else."""
_AND_SOME: Final = 200
_NUMBER: Final = re.compile(r"\d{2,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A text under its id."""

    id: int
    text: str


class Garbled(Exception):
    """An answer that cannot be matched with its lines; the message is the cause."""


class Backend(Protocol):
    """Whoever translates lines."""

    @property
    def identity(self) -> str:
        """Who it is, and what decides its answers besides the lines."""
        ...

    @property
    def batch_lines(self) -> int:
        """The most lines it gets at once."""
        ...

    @property
    def batch_characters(self) -> int:
        """The most characters it gets at once; one longer line goes alone."""
        ...

    @property
    def at_once(self) -> int:
        """How many batches it may have at a time."""
        ...

    async def translate(self, lines: Sequence[Line], route: Route) -> Sequence[Line]:
        """The lines in the other language, as far as it could; nothing about the answer is trusted.

        Raises `Garbled` or `EngineCrashed` for what fewer lines may cure, any other error for the rest.
        """
        ...

    async def aclose(self) -> None:
        """Stop what it started."""
        ...


@dataclass
class Outcome:
    """The translations by id, and why the other lines stay as they are."""

    texts: dict[int, str] = field(default_factory=dict[int, str])
    kept: dict[int, str] = field(default_factory=dict[int, str])


async def translate_lines(
    lines: Sequence[Line], backend: Backend, route: Route, on_progress: Callable[[float], None]
) -> Outcome:
    """Every line under its id, translated or with the reason why not; `on_progress` gets 0 to 100.

    Raises the backend's own error, and `ServiceError` when not a single line could be translated.
    """
    outcome = Outcome()
    waiting = batches(lines, backend.batch_lines, backend.batch_characters)

    async def work() -> None:
        for batch in waiting:
            await _settle(batch, backend, route, outcome)
            on_progress(100 * (len(outcome.texts) + len(outcome.kept)) / len(lines))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(backend.at_once):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None  # tasks raise no groups
    if outcome.kept and not outcome.texts:
        raise _hopeless(backend, outcome)
    return outcome


def batches(lines: Sequence[Line], most: int, characters: int) -> Iterator[Sequence[Line]]:
    """The lines in order, so many and so much at once at most, but one at least."""
    first = size = 0
    for index, line in enumerate(lines):
        if index > first and (index - first == most or size + len(line.text) > characters):
            yield lines[first:index]
            first, size = index, 0
        size += len(line.text)
    if first < len(lines):
        yield lines[first:]


def fault(asked: Sequence[Line], answered: Sequence[Line]) -> str | None:
    """What is wrong with an answer; None when every line has exactly one that can be its translation."""
    wanted = {line.id: line.text for line in asked}
    counts = Counter(line.id for line in answered)
    if foreign := [number for number in counts if number not in wanted]:
        return f"it answers for {_named(foreign)}, which nobody asked"
    if missing := [number for number in wanted if number not in counts]:
        return f"it leaves out {_named(missing)}"
    if twice := [number for number, count in counts.items() if count > 1]:
        return f"it answers more than once for {_named(twice)}"
    found = {line.id: line.text for line in answered}
    for number, text in wanted.items():
        if text.strip() and not found[number].strip():
            return f"it has nothing for {_named([number])}"
        if len(found[number]) > _LONGEST * len(text) + _AND_SOME:
            return f"it has {len(found[number])} characters for the {len(text)} of {_named([number])}"
    return _shifted(asked, found)


def _shifted(asked: Sequence[Line], found: dict[int, str]) -> str | None:
    """Whether texts stand under their neighbours' ids, as far as numbers in them tell."""
    for line, neighbour in [*pairwise(asked), *pairwise(reversed(asked))]:
        lost = _numbers(line.text) - _numbers(found[line.id])
        moved = lost & (_numbers(found[neighbour.id]) - _numbers(neighbour.text))
        if moved:
            return f"the number {min(moved)} of {_named([line.id])} stands in {_named([neighbour.id])}"
    return None


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


async def _settle(batch: Sequence[Line], backend: Backend, route: Route, outcome: Outcome) -> None:
    """Put every line of the batch into the outcome, asking for fewer at a time where need be."""
    try:
        answered = await backend.translate(batch, route)
        wrong = fault(batch, answered)
    except (Garbled, EngineCrashed) as error:
        answered, wrong = (), str(error)
    if wrong is None:
        outcome.texts.update((line.id, line.text) for line in answered)
    elif len(batch) == 1:
        outcome.kept[batch[0].id] = wrong
        if len(outcome.kept) >= HOPELESS and not outcome.texts:
            raise _hopeless(backend, outcome)
    else:
        half = len(batch) // 2
        await _settle(batch[:half], backend, route, outcome)
        await _settle(batch[half:], backend, route, outcome)


def _hopeless(backend: Backend, outcome: Outcome) -> ServiceError:
    cause = next(iter(outcome.kept.values()))
    return ServiceError(f"{backend.identity} translated none of {len(outcome.kept)} lines: {cause}")


def _named(numbers: Sequence[int]) -> str:
    return ("line " if len(numbers) == 1 else "lines ") + ", ".join(map(str, numbers[:5]))
