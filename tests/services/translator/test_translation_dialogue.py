"""Orders of lines: as many lines come back, each in its place, and files' orders are what they were."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from speeches import EN_PT, LANGUAGES, Scripted, shouted, unspaced

from batuta.ids import content_key
from batuta.services.translator.carrying import has_words
from batuta.services.translator.dialogue import put_together, utterances_of
from batuta.services.translator.lines import Line, Outcome, translate_lines
from batuta.services.translator.orders import Translate, Translated
from batuta.services.translator.service import Translator
from batuta.services.translator.ways import Engine, Route
from batuta.storage.artefacts import Artefact
from batuta.weights import Weights

FILE = Artefact(sha256="0" * 64, size=1, media_type="application/json")


def test_an_order_of_a_file_has_the_key_it_always_had() -> None:
    """What was translated before there were lines is still found."""
    order = Translate(file=FILE, language_out="pt")
    before = {"again": None, "file": FILE.model_dump(), "language_in": "auto", "language_out": "pt"}
    assert order.model_dump(mode="json") == before
    assert order.key("worker") == content_key("translator", "worker", before)
    assert Translate.model_validate(before) == order


def test_orders_of_lines_are_the_same_by_their_lines() -> None:
    """In their order; an order survives its JSON."""
    order = Translate(lines=("a", "b"), language_in="en", language_out="pt")
    assert Translate.model_validate(order.model_dump(mode="json")) == order
    assert order.files == {}
    others = [
        order.model_copy(update=change)
        for change in ({"lines": ("b", "a")}, {"language_out": "es"}, {"max_characters": 9})
    ]
    assert len({each.key("worker") for each in [order, *others]}) == 4
    assert order.key("worker") == Translate(lines=("a", "b"), language_in="en", language_out="pt").key(
        "worker"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either file or lines"),
        ({"file": FILE, "lines": ("a",)}, "either file or lines"),
        ({"lines": ()}, "at least 1 item"),
        ({"lines": ("a",) * 2001}, "at most 2000 items"),
        ({"lines": ("a" * 5001,)}, "at most 5000 characters"),
        ({"lines": "abc"}, "valid tuple"),
        ({"lines": ("a",), "language_in": "auto"}, "give language_in"),
        ({"lines": ("a\ud800",)}, "valid string"),
        ({"file": FILE, "max_characters": 5}, "is for lines"),
        ({"lines": ("a",), "max_characters": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_no_order_is_refused(fields: dict[str, object], words: str) -> None:
    """Before any work, with what is wrong."""
    with pytest.raises(ValidationError, match=words):
        Translate.model_validate({"language_in": "en", "language_out": "pt", **fields})


def together(lines: list[str], outcome: Outcome, route: Route = EN_PT) -> tuple[list[str], list[str], int]:
    found = put_together(utterances_of(lines, route.source, whole=False), outcome, route, "test")
    return found["lines"], found["warnings"], found["kept"]


def test_a_line_is_translated_sentence_by_sentence() -> None:
    """The models read sentences; blanks and line breaks are folded, what has no words is not asked."""
    (found, silent) = utterances_of(["One house. 12.\n Dr. Smith came! ", " 12:30\n"], "en", whole=False)
    assert [part.text for part in found.parts] == ["One house.", "12.", "Dr. Smith came!"]
    assert [part.id for part in found.asked] == [0, 2]
    assert silent.asked == ()
    outcome = Outcome({0: "Uma casa.", 2: "O Dr. Smith veio!"})
    lines, warnings, kept = together([found.text, silent.text], outcome)
    assert lines == ["Uma casa. 12. O Dr. Smith veio!", " 12:30\n"]
    assert (warnings, kept) == ([], 0)


def test_a_line_that_failed_in_part_is_kept_whole_and_named() -> None:
    """Half of it in another language would be worse; the others are not touched."""
    lines, warnings, kept = together(
        ["One. Two.", "Three."], Outcome({0: "Um.", 2: "Três."}, {1: "it broke"})
    )
    assert lines == ["One. Two.", "Três."]
    assert (warnings, kept) == (["line 0 is not translated: it broke"], 1)


def test_warnings_name_the_rules_first_and_no_more_than_somebody_reads() -> None:
    """Thirty lines that failed are twenty lines of text and a number."""
    rules = Route.through("en", "es", engine=Engine.APERTIUM)
    lines = ["word"] * 31
    outcome = Outcome({30: "palabra"}, dict.fromkeys(range(30), "no"))
    _, warnings, kept = together(lines, outcome, rules)
    assert warnings[0].startswith("en → es (with Apertium): ")
    assert (len(warnings), warnings[-1], kept) == (22, "10 more are not translated", 30)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=12), LANGUAGES)
def test_whatever_the_lines_are_none_is_shifted(texts: list[str], language: str) -> None:
    """Each line comes back from its own place, and every visible character of it."""
    utterances = utterances_of(texts, language, whole=False)
    asked = [part for utterance in utterances for part in utterance.asked]
    outcome = asyncio.run(translate_lines(asked, Scripted(list), EN_PT, [].append))
    found = put_together(utterances, outcome, Route.through(language, language), "test")["lines"]
    assert list(map(unspaced, found)) == list(map(unspaced, texts))
    assert all(line == text for line, text in zip(found, texts, strict=True) if not has_words(text))


class Shouting(Scripted):
    """A backend for the service itself."""

    def __init__(self) -> None:
        super().__init__(shouted)


async def performed(folder: Path, **fields: object) -> Translated:
    service = Translator(Weights(folder), folder)
    service._backend = Shouting()
    made = await service.perform(
        Translate.model_validate({"language_in": "en", "language_out": "pt", **fields}), {}, folder, [].append
    )
    return Translated.model_validate({**made.details, "file": FILE})


@pytest.mark.anyio
async def test_the_result_has_as_many_lines(tmp_path: Path) -> None:
    """With who translated them, and nothing of a line that is said already or says nothing."""
    found = await performed(tmp_path, lines=("One.", "", "3", "Two. Four."))
    assert found.lines == ("<ONE.>", "", "3", "<TWO.> <FOUR.>")
    assert (found.translated_from, found.language_detected, found.pivot) == ("en", "pt", None)
    assert (found.engine, found.kept, found.warnings) == ("translator-1:bergamot:en-pt", 0, ())
    for same in ({"language_out": "en-GB"}, {"lines": ("", "7 !\n")}):
        unchanged = await performed(tmp_path, **{"lines": ("One.", "\n"), **same})
        assert unchanged.lines == same.get("lines", ("One.", "\n"))
        assert (unchanged.translated_from, unchanged.engine) == (None, None)


def test_whole_lines_are_for_language_models() -> None:
    """They read better with all of it at hand."""
    (found,) = utterances_of(["One. Two."], "en", whole=True)
    assert found.parts == (Line(0, "One. Two."),)
