"""Apertium as it is installed (Debian: apertium, apertium-eng-spa, apertium-es-pt), and programs that fail.

Without the packages these tests fail; `make servers` installs them.
"""

# ruff: noqa: ARG001  # weights are pulled by a fixture that gives nothing

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import uvloop
from speeches import lines

from batuta.errors import ServiceError
from batuta.services.translator.apertium import Apertium
from batuta.services.translator.bergamot import Bergamot
from batuta.services.translator.lines import Garbled, Line, Outcome, translate_lines
from batuta.services.translator.models import Models
from batuta.services.translator.relay import Relay
from batuta.services.translator.ways import Engine, Pair, Route, best_routes
from batuta.settings import Settings
from batuta.weights import Weights

pytestmark = pytest.mark.anyio

INSTALLED = frozenset({Pair("en", "es"), Pair("es", "en"), Pair("es", "pt"), Pair("pt", "es")})
EN_ES = Route.through("en", "es", engine=Engine.APERTIUM)
ES_PT = Route.through("es", "pt", engine=Engine.APERTIUM)
PLAIN = "The house is big."
HOSTILE = [
    *("", "   ", "12:30", "😀", "\\", "$", "^", "#", "*", "[]", "مرحبا"),
    *("^hello/x<n>$ world", "house ^$<>[]{}\\/@#*~+ house", "[<STREAMCMD:SETVAR:x>] hello"),
    *("[[t:b:1]]bold[[/]] text", "hello .[][ hello", "hello [", "hello \\", "hello\\\\", "~hello", "*hello"),
    *("\uffff word", "\x00 hello \x1b[0m", "\ud800 bad", "\ue000 word", "\U0010ffff hi", "\ufeff\u200bhello"),
    *("line one\nline two\n\n\nline three", "a\u2028b\u0085c\x0bd", "take", "off", "my coat and", "New"),
    *(
        "York",
        "a" * 5000,
        "word " * 999 + "word",
        "😀 I love it 😀",
        "<b>Hello</b> & welcome",
        "etc.",
        "U.S.",
    ),
]


async def said(backend: Apertium, route: Route, *texts: str) -> Outcome:
    return await translate_lines(lines(*texts), backend, route, [].append)


async def test_the_installed_rules_are_found() -> None:
    """By both kinds of codes, `eng-spa` and `es-pt`; `es-pt_BR` and `spa-eng_US` are no pairs of ours."""
    assert Apertium().pairs() >= INSTALLED
    assert Apertium().identity.startswith("apertium:")
    assert (Apertium(path="").pairs(), Apertium(path="").identity) == (frozenset(), "")


async def test_spanish_becomes_portuguese() -> None:
    """Unknown words stay as they are, without marks; a text that begins small goes on so."""
    found = await said(
        Apertium(), ES_PT, "El gato duerme en la silla.", "Vive en Xyzzyburgo.", "la casa", "Gracias."
    )
    assert list(found.texts.values()) == [
        "O gato dorme na cadeira.",
        "Vive em Xyzzyburgo.",
        "a casa",
        "Obrigado.",
    ]


async def test_hostile_lines_neither_break_nor_shift() -> None:
    """Every line is answered under its id, and a plain one after each of them as if it were alone."""
    route = Route.through("en", "es", "pt", engine=Engine.APERTIUM)
    alone = (await said(Apertium(), route, PLAIN)).texts[0]
    found = await said(Apertium(), route, *(text for hostile in HOSTILE for text in (hostile, PLAIN)))
    assert found.kept == {}
    assert [found.texts[2 * number + 1] for number in range(len(HOSTILE))] == [alone] * len(HOSTILE)
    texts = {hostile: found.texts[2 * number] for number, hostile in enumerate(HOSTILE)}
    for text in ("12:30", "😀", "\\", "$", "^", "#", "*", "[]", "مرحبا", "a" * 5000):
        assert texts[text] == text
    assert texts["😀 I love it 😀"][:: len(texts["😀 I love it 😀"]) - 1] == "😀😀"
    assert texts["<b>Hello</b> & welcome"].startswith("<b>")
    assert "\n" not in "".join(texts.values())


async def test_a_line_is_said_as_it_is_alone() -> None:
    """What stands before and after it changes nothing: no sentence reaches into the next line."""
    broken = ["I would like to take", "off my coat and the red", "car of New", "York is big"]
    together = await said(Apertium(), EN_ES, *broken)
    alone = [(await said(Apertium(), EN_ES, text)).texts[0] for text in broken[1:3]]
    assert alone == [together.texts[1], together.texts[2]]


@pytest.fixture
def pulled(weights: Callable[[str], Path]) -> None:
    """Both models, before the test's own event loop runs."""
    for pair in ("en-pt", "pt-en"):
        weights(f"bergamot-{pair}")


@pytest.fixture
async def relay(pulled: None) -> AsyncIterator[Relay]:
    relay = Relay(Bergamot(Models(Weights.from_settings(Settings()), Settings().batuta_models)), Apertium())
    yield relay
    await relay.aclose()


@pytest.mark.weights
async def test_english_becomes_spanish_through_portuguese(relay: Relay) -> None:
    """A model and rules one after the other; each line under its id, also those without words."""
    route = best_routes({Pair("en", "pt"), Pair("pt", "en")}, INSTALLED)[Pair("en", "es")]
    asked = lines("The cat sleeps on the chair.", "😀", "I bought three red apples.", "It was 1859.")
    found = (await translate_lines(asked, relay, route, [].append)).texts
    assert found[0] == "El gato duerme en la silla."
    assert found[1] == "😀"
    assert "tres manzanas rojas" in found[2]
    assert "1859" in found[3]
    back = best_routes({Pair("pt", "en")}, INSTALLED)[Pair("es", "en")]
    (english,) = (await translate_lines(lines(found[0]), relay, back, [].append)).texts.values()
    assert english == "The cat sleeps in the chair."


async def test_without_apertium_the_relay_is_the_models(tmp_path: Path) -> None:
    """Results that were kept before somebody could install it still answer."""
    models = Bergamot(Models(Weights(tmp_path), tmp_path))
    assert Relay(models, Apertium(path="")).identity == models.identity
    assert Relay(models, Apertium()).identity == f"{models.identity}+{Apertium().identity}"


def installed(folder: Path, script: str = "cat", *modes: str) -> Apertium:
    """An Apertium whose program is this shell script."""
    program = folder / "bin" / "apertium"
    shelf = folder / "share" / "apertium" / "modes"
    for each in (program.parent, shelf):
        each.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    for name in modes or ("eng-spa",):
        (shelf / f"{name}.mode").write_text("x")
    return Apertium(path=str(program.parent), timeout=0.5)


async def test_another_version_is_another_identity(tmp_path: Path) -> None:
    """A new pair, other rules, another program: results made before answer no more."""
    seen = {installed(tmp_path).identity, installed(tmp_path, "cat", "spa-ita").identity}
    mode = tmp_path / "share" / "apertium" / "modes" / "eng-spa.mode"
    os.utime(mode, (1, 1))
    seen.add(installed(tmp_path, "cat", "spa-ita").identity)
    seen.add(installed(tmp_path, "exec cat", "spa-ita").identity)
    assert len(seen) >= 4


async def test_modes_that_are_no_pairs_of_ours_are_passed_over(tmp_path: Path) -> None:
    """Variants, steps of the pipe, languages nobody here knows."""
    backend = installed(tmp_path, "cat", "spa-cat_valencia", "eng-spa-anmor", "zzz-eng", "nob-nno", "spa-spa")
    assert backend.pairs() == {Pair("no", "nn")}


WRONG = {
    "too few": ("head -n 1", "answered 3 texts with 1"),
    "too many": ("cat; echo; echo more", "answered 3 texts with 4"),
    "shifted": ("tail -n +2; echo", "answered 3 texts with"),
    "nothing": ("cat >/dev/null", "answered 3 texts with 1"),
    "blank": ("tr a-z ' '", "answered 3 texts with"),
    "not asked": ("exit 0", "answered 3 texts with 1"),
    "no language": (
        "cat >/dev/null; echo 'Mode does not exist' >&2; exit 1",
        "exit code 1.*Mode does not exist",
    ),
    "no text": (r"cat >/dev/null; printf '\377\376'", "answered 3 texts with 1"),
    "without end": ("cat >/dev/null; yes", "more than 8388608 bytes"),
    "leaves somebody behind": ("sleep 60 & exit 0", "did not answer within 0.5 s"),
    "hangs": ("sleep 60 | cat", "did not answer within 0.5 s"),
}


@pytest.mark.parametrize("way", WRONG)
async def test_a_program_that_fails_is_seen(tmp_path: Path, way: str) -> None:
    """Whatever it answers, no line gets another's text; fewer lines are asked next."""
    script, words = WRONG[way]
    with pytest.raises(Garbled, match=words):
        await installed(tmp_path, script).translate(lines("one", "two", "three"), EN_ES)


async def test_one_line_that_breaks_it_costs_only_itself(tmp_path: Path) -> None:
    """The batch is halved; the line is named with what happened."""
    backend = installed(tmp_path, 'input=$(cat); case $input in *boom*) exit 7;; esac; echo "$input"')
    found = await said(backend, EN_ES, "one", "two", "boom", "four")
    assert found.texts == {0: "one", 1: "two", 3: "four"}
    assert "exit code 7" in found.kept[2]


async def test_rules_that_were_removed_are_named(tmp_path: Path) -> None:
    """Between the check and the work somebody removed the package."""
    with pytest.raises(ServiceError, match="no rules for en-es any more"):
        await said(Apertium(path=""), EN_ES, "one", "two")


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_cancel_kills_all_of_it(tmp_path: Path) -> None:
    """The script and what it pipes into: nothing is left, nor is its temporary folder."""
    seen = tmp_path / "seen"
    script = f'sleep 60 & echo "$$ $! $TMPDIR" > {seen}.part; mv {seen}.part {seen}; wait'
    backend = Apertium(path=str(tmp_path / "bin"))
    installed(tmp_path, script)
    work = asyncio.create_task(backend.translate([Line(0, "one")], EN_ES))
    async with asyncio.timeout(10):
        while not seen.exists():  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.01)
    *numbers, folder = seen.read_text().split()
    running = [psutil.Process(int(number)) for number in numbers]
    work.cancel()
    await asyncio.wait({work}, timeout=2)
    assert work.cancelled()
    assert not any(map(is_alive, running))
    assert not Path(folder).exists()


async def test_it_answers_in_the_loop_of_the_server_too() -> None:
    """Uvloop's pipes are sockets, which Apertium cannot open as /dev/stdin: the question is a file."""

    def served() -> Outcome:
        return uvloop.run(said(Apertium(), ES_PT, PLAIN, "La casa es grande."))

    outcome = await asyncio.to_thread(served)
    assert not outcome.kept
    assert outcome.texts[1] == "A casa é grande."
