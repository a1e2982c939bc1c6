"""Bergamot with the real models of the catalogue."""

# ruff: noqa: ARG001  # weights are pulled by a fixture that gives nothing

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from speeches import EN_PT, document, spoken

from batuta.errors import WeightsCorrupt
from batuta.services.translator.bergamot import Bergamot
from batuta.services.translator.documents import transcription_in
from batuta.services.translator.engine import translate
from batuta.services.translator.lines import Line, translate_lines
from batuta.services.translator.models import Models, model_in
from batuta.services.translator.orders import Translate
from batuta.services.translator.service import Translator
from batuta.services.translator.ways import Pair, Route
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact
from batuta.weights import Weights
from offspring import children, left_after, seconds_used

pytestmark = [pytest.mark.weights, pytest.mark.anyio]

FILE = Artefact(sha256="0" * 64, size=1, media_type="application/json")


@pytest.fixture(scope="module")
def say(weights: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """The engine in this process, from the language to the other."""
    folders = {pair: weights(f"bergamot-{pair}") for pair in (Pair("en", "pt"), Pair("pt", "en"))}
    folder = tmp_path_factory.mktemp("lines")

    def said(*texts: str, legs: tuple[Pair, ...] = (Pair("en", "pt"),)) -> list[str]:
        (folder / "in").write_text(json.dumps(list(enumerate(texts))))
        models = [model_in(folders[pair], pair) for pair in legs]
        translate({"input": str(folder / "in"), "output": str(folder / "out"), "models": models}, [].append)
        answered = dict(json.loads((folder / "out").read_text()))
        assert list(answered) == list(range(len(texts)))
        return list(answered.values())

    return said


@pytest.fixture(scope="module")
def pulled(weights: Callable[[str], Path]) -> None:
    """Both models, before the tests' own event loop runs."""
    for pair in ("en-pt", "pt-en"):
        weights(f"bergamot-{pair}")


@pytest.fixture
async def service(pulled: None) -> AsyncIterator[Translator]:
    settings = Settings()
    service = Translator(Weights.from_settings(settings), settings.batuta_models)
    yield service
    await service.aclose()


def busy_engines() -> list[psutil.Process]:
    """Engines that have computed for a second: longer than they need to start."""
    return [each for each in children() if (seconds_used(each) or 0) > 1]


async def test_plain_english_becomes_portuguese(say: Callable[..., list[str]]) -> None:
    """Five sentences, each with the words that carry it."""
    found = say(
        "The children are playing in the garden.",
        "I bought three red apples at the market yesterday.",
        "Where is the train station?",
        "My brother works in a hospital in Lisbon.",
        "We will have dinner at eight o'clock.",
    )
    wanted = [
        "crianças jardim",
        "três maçãs vermelhas mercado",
        "estação",
        "irmão hospital Lisboa",
        "jantar oito",
    ]
    for text, words in zip(found, wanted, strict=True):
        assert all(word in text for word in words.split()), text


async def test_no_jardim_stays_no_jardim(say: Callable[..., list[str]]) -> None:
    """Portuguese `no` (in the) is no English `no`; a known wrapper of these models makes `não` of it."""
    there = say("The flowers are in the garden.", "No, I do not want to.")
    assert "no jardim" in there[0]
    assert there[1].startswith("Não,")
    back = say("O gato está no jardim.", "Não quero.", legs=(Pair("pt", "en"),))
    assert "in the garden" in back[0]
    assert "not" in back[1] or "n't" in back[1]


async def test_names_and_numbers_survive(say: Callable[..., list[str]]) -> None:
    """Digits stay digits, names stay names, also those with accents the model lacks."""
    found = say("John Smith was born in 1984.", "It costs 350 dollars.", "Müller lives in Berlin.")
    assert "John Smith" in found[0]
    assert "1984" in found[0]
    assert "350" in found[1]
    assert "Müller" in found[2]


HOSTILE = [
    "",
    "   ",
    "😀",
    "😀 I love it 😀",
    "<b>Hello</b> & welcome <script>alert(1)</script>",
    "مرحبا بالعالم",
    "He said مرحبا بالعالم to me.",
    "\u202ehello\u202c",
    "\x00 hello \x1b[0m \x07",
    "12:30",
    "a" * 3000,
    "中文",
    "e\u0301" * 50,
    "http://example.com/a?b=c",
    " ".join(["word"] * 300),
    "line one\nline two",
    "\ufeff\u200b\u2028",
]


async def test_hostile_lines_neither_break_nor_shift(say: Callable[..., list[str]]) -> None:
    """Every line is answered under its id, and a plain one after each of them as if it were alone."""
    plain = "Good morning, everyone."
    (expected,) = say(plain)
    found = say(*(text for hostile in HOSTILE for text in (hostile, plain)))
    assert found[1::2] == [expected] * len(HOSTILE)
    said = dict(zip(HOSTILE, found[::2], strict=True))
    for text in ("", "   ", "😀", "مرحبا بالعالم", "12:30", "a" * 3000, "中文", "\ufeff\u200b\u2028"):
        assert said[text] == text
    assert said["😀 I love it 😀"].startswith("😀 ")
    assert said["😀 I love it 😀"].endswith(" 😀")
    assert "مرحبا بالعالم" in said["He said مرحبا بالعالم to me."]
    assert "<b>" in said["<b>Hello</b> & welcome <script>alert(1)</script>"]
    assert said["\x00 hello \x1b[0m \x07"].count("\x1b") == 1
    assert len(said[" ".join(["word"] * 300)].split()) > 150


async def test_random_text_neither_breaks_nor_shifts(say: Callable[..., list[str]]) -> None:
    """Two hundred lines of characters from everywhere, each answered."""
    dice = random.Random(7)
    alphabet = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000] + list("abc .,!?" * 400)
    said = say(*("".join(dice.choices(alphabet, k=dice.randint(0, 40))) for _ in range(200)))
    assert len(said) == 200


async def test_two_legs_give_the_language_back(say: Callable[..., list[str]]) -> None:
    """Through a third language as through a pivot: the sense is still there."""
    (found,) = say("The cat sleeps on the chair.", legs=(Pair("en", "pt"), Pair("pt", "en")))
    assert "cat" in found
    assert "chair" in found


async def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    """What an operator put there by mistake; the message says which file."""
    for name in ("model.enes.bin", "vocab.enes.spm", "in"):
        (tmp_path / name).write_bytes(b"[]")
    task = {"input": str(tmp_path / "in"), "output": "x", "models": [model_in(tmp_path, Pair("en", "es"))]}
    with pytest.raises(WeightsCorrupt, match=r"model\.enes\.bin"):
        translate(task, [].append)


@pytest.mark.slow
async def test_five_thousand_words_without_punctuation_come_through(
    service: Translator, tmp_path: Path
) -> None:
    """None is dropped by a model that reads eighty at once, and every segment keeps its time."""
    story = "the old man walked to the harbour and looked at the boats in rain"
    speech = spoken(" ".join([*[story] * 357, "so"]))
    assert len(speech.segments[0].words) > 4990
    (tmp_path / "speech.json").write_bytes(document(speech))
    made = await service.perform(
        Translate(file=FILE, language_out="pt"), {"file": tmp_path / "speech.json"}, tmp_path, [].append
    )
    found = transcription_in(made.file.read_bytes())
    assert made.details["warnings"] == []
    assert len(found.text.split()) > 4000
    assert found.segments[0].start == speech.segments[0].words[0].start
    assert found.segments[-1].end == speech.segments[0].words[-1].end


async def test_a_thousand_words_take_seconds(pulled: None, record_property: Callable[..., None]) -> None:
    """At least 300 words a second, start of the process included; on an idle core it is over 1,500."""
    text = "The weather was good and we decided to walk along the river until we reached the old bridge."
    asked = [Line(number, f"{text} {number}.") for number in range(56)]
    backend = Bergamot(Models(Weights.from_settings(Settings()), Settings().batuta_models))
    began = time.monotonic()
    outcome = await translate_lines(asked, backend, EN_PT, [].append)
    seconds = time.monotonic() - began
    await backend.aclose()
    words = sum(len(line.text.split()) for line in asked)
    record_property("words_per_second", round(words / seconds))
    assert len(outcome.texts) == 56
    assert words / seconds > 300


async def test_cancel_kills_the_engine_in_the_middle_of_its_work(pulled: None) -> None:
    """Within two seconds nothing of a long batch is left."""
    backend = Bergamot(Models(Weights.from_settings(Settings()), Settings().batuta_models))
    asked = [Line(number, "The old man walked to the harbour and looked.") for number in range(50_000)]
    work = asyncio.create_task(backend.translate(asked, EN_PT))
    async with asyncio.timeout(60):
        while not (engines := busy_engines()):  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.05)
    work.cancel()
    await asyncio.wait({work}, timeout=2)
    assert work.cancelled()
    assert await asyncio.to_thread(left_after, 2, engines) == []
    await backend.aclose()


async def test_an_engine_that_dies_under_a_line_costs_that_line_only(service: Translator) -> None:
    """Killed in the middle of a batch: the lines are asked again, and come."""
    backend = service._backend
    asked = [Line(number, f"The door number {number} is open.") for number in range(400)]
    killed: list[int] = []

    def kill(_: float) -> None:
        if not killed:
            for engine in children():
                killed.append(engine.pid)
                engine.kill()

    outcome = await translate_lines(asked, backend, Route.through("en", "pt"), kill)
    assert killed
    assert outcome.texts.keys() == set(range(400))
    assert "399" in outcome.texts[399]
