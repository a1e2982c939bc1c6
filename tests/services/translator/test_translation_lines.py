"""Lines are never shifted: ids are checked, batches halved, and what fails stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speeches import EN_PT, Answering, Scripted, lines, shouted

from batuta.errors import EngineCrashed, ServiceError, ServiceUnavailable
from batuta.services.translator.lines import (
    HOPELESS,
    Garbled,
    Line,
    Outcome,
    batches,
    fault,
    translate_lines,
)


def run(asked: Sequence[Line], backend: Scripted, told: list[float] | None = None) -> Outcome:
    progress = [] if told is None else told
    return asyncio.run(translate_lines(asked, backend, EN_PT, progress.append))


WORDS = lines("one", "two", "three", "four")

FAULTY: dict[str, Answering] = {
    "shifted": lambda asked: [Line(line.id + 1, line.text) for line in asked],
    "missing": lambda asked: asked[1:],
    "extra": lambda asked: [*asked, Line(99, "more")],
    "twice": lambda asked: [*asked, asked[0]],
    "empty": lambda asked: [Line(line.id, " ") for line in asked],
    "endless": lambda asked: [Line(line.id, "x" * 5000) for line in asked],
    "nothing": lambda _: [],
}


@pytest.mark.parametrize("way", FAULTY)
def test_a_faulty_answer_is_seen(way: str) -> None:
    """Ids shifted, missing, foreign or twice, nothing for something, far too much."""
    assert fault(WORDS, FAULTY[way](WORDS)) is not None


def test_a_right_answer_may_come_in_any_order() -> None:
    """What counts is the id, not the place."""
    assert fault(WORDS, shouted(WORDS)[::-1]) is None
    assert fault(lines(""), lines("")) is None


def test_texts_under_their_neighbours_ids_are_seen_by_their_numbers() -> None:
    """Right ids with moved texts: a number stands in the next line's answer."""
    asked = lines("It was 1859.", "He left.", "She stayed.")
    assert fault(asked, lines("Ele partiu.", "Foi em 1859.", "Ela ficou.")) is not None
    assert fault(asked, lines("Foi em 1859.", "Ele partiu.", "Ela ficou.")) is None
    assert fault(lines("At 3:30 PM.", "Go."), lines("Às 15:30.", "Vá.")) is None


@pytest.mark.parametrize("way", FAULTY)
def test_a_batch_that_fails_is_asked_in_halves(way: str) -> None:
    """A backend that fails with more than one line at a time loses none."""
    backend = Scripted(lambda asked: FAULTY[way](asked) if len(asked) > 1 else shouted(asked))
    outcome = run(WORDS, backend)
    assert outcome == Outcome({line.id: line.text for line in shouted(WORDS)})
    assert backend.asked == [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [2], [3]]


@pytest.mark.parametrize("cause", [Garbled("no sense"), EngineCrashed("it died")])
def test_one_bad_line_costs_only_itself(cause: Exception) -> None:
    """The line on which the backend breaks stays as it is, the others around it are translated."""

    def answer(asked: list[Line]) -> Sequence[Line]:
        if any(line.text == "three" for line in asked):
            raise cause
        return shouted(asked)

    outcome = run(WORDS, Scripted(answer))
    assert outcome.kept == {2: str(cause)}
    assert outcome.texts == {0: "<ONE>", 1: "<TWO>", 3: "<FOUR>"}


def test_a_hopeless_backend_is_given_up() -> None:
    """One that understands nothing is not asked about every line of a long film."""
    backend = Scripted(FAULTY["nothing"], batch_lines=100)
    with pytest.raises(ServiceError, match="scripted translated none of 8 lines: it leaves out"):
        run(lines(*["word"] * 1000), backend)
    assert sum(len(asked) == 1 for asked in backend.asked) == HOPELESS


def test_a_document_of_which_nothing_is_translated_is_an_error() -> None:
    """Captions that are said to be Portuguese and are English all through would be a lie."""
    with pytest.raises(ServiceError, match="translated none of 2 lines"):
        run(lines("a", "b"), Scripted(FAULTY["nothing"]))


def test_an_unreachable_backend_is_the_error_it_is() -> None:
    """No halving helps against a server that is down."""

    def answer(_: list[Line]) -> Sequence[Line]:
        raise ServiceUnavailable("down", retry_after=7)

    backend = Scripted(answer)
    with pytest.raises(ServiceUnavailable, match="down") as caught:
        run(WORDS, backend)
    assert caught.value.retry_after == 7
    assert len(backend.asked) == 1


def test_progress_only_grows_and_ends_at_all() -> None:
    """Told after every batch."""
    told: list[float] = []
    run(WORDS, Scripted(batch_lines=1), told)
    assert told == [25.0, 50.0, 75.0, 100.0]


def test_nothing_to_translate_asks_nobody() -> None:
    """No lines, no question."""
    backend = Scripted()
    assert run([], backend) == Outcome()
    assert backend.asked == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=30), max_size=40), st.integers(1, 9), st.integers(1, 60))
def test_batches_hold_every_line_once_within_their_limits(
    said: list[str], most: int, characters: int
) -> None:
    """In order; only a line that is too long by itself is over the limit, and alone."""
    asked = lines(*said)
    found = list(batches(asked, most, characters))
    assert [line for batch in found for line in batch] == asked
    for batch in found:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(line.text) for line in batch) <= characters


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_whatever_is_answered_no_line_gets_anothers_text(data: st.DataObject) -> None:
    """A backend that drops, doubles and renumbers at random: a line is right, or as it was."""
    asked = lines(*(f"w{number}" for number in range(data.draw(st.integers(1, 20)))))

    def answer(batch: list[Line]) -> Sequence[Line]:
        numbers = [line.id for line in batch]
        good = shouted(batch)
        kind = data.draw(st.sampled_from(["good", "good", "drop", "double", "renumber"]))
        if kind == "drop":
            del good[data.draw(st.integers(0, len(good) - 1))]
        elif kind == "double":
            good.append(good[0])
        elif kind == "renumber":
            offset = data.draw(st.integers(1, 5))
            good = [Line(number + offset, line.text) for number, line in zip(numbers, good, strict=True)]
        return good

    try:
        outcome = run(asked, Scripted(answer, batch_lines=5))
    except ServiceError:
        return
    assert outcome.texts.keys() | outcome.kept.keys() == {line.id for line in asked}
    assert all(text == f"<W{number}>" for number, text in outcome.texts.items())
