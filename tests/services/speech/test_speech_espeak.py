"""espeak-ng behind its pipe: hostile texts come back as transcriptions or clips; nothing of it is in us."""

from __future__ import annotations

import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from talking import heard

from batuta.errors import ServiceError
from batuta.services.speech import espeak_home
from batuta.services.speech.alphabet import SYMBOLS
from batuta.services.speech.backends import Espeak, installed
from batuta.services.speech.contract import EspeakHome
from batuta.services.speech.espeak_home import Found, find_espeak
from batuta.services.speech.tongues import tongue_of
from batuta.services.speech.voices import Offer, Voice
from batuta.weights import Weights

pytestmark = pytest.mark.anyio

HOSTILE = [
    "",
    " ",
    "\x00 oi \x1b[0m \x07",
    "[[haha]] <speak>oi</speak> ]]",
    "\\pau=1000\\ $(reboot) `id` --help -w /tmp/x",
    "a" * 5_000,
    "palavra " * 600,
    "1" * 300,
    "hello Привет 你好 مرحبا 😀",
    "\u202eoi\u202c \ud800",
    "e\u0301" * 400,
    "!?" * 1_000,
    "%s%n%s %99999d",
]


@pytest.fixture
async def espeak() -> AsyncIterator[Espeak]:
    found = find_espeak()
    assert found is not None, "the extra gpl is not installed"
    backend = Espeak(found)
    yield backend
    await backend.aclose()


async def test_hostile_texts_are_read_and_harm_no_neighbour(espeak: Espeak) -> None:
    """Raw as they are: every one is answered in Kokoro's alphabet, and a plain one after it as if alone."""
    plain = "O menino comeu três maçãs, não quatro!"
    texts = [text.encode(errors="replace").decode() for text in HOSTILE]
    dice = random.Random(7)
    texts += ["".join(chr(dice.randrange(1, 0xD800)) for _ in range(40)) for _ in range(60)]
    (expected,) = await espeak.read([plain], "pt-br")
    found = await espeak.read([each for text in texts for each in (text, plain)], "pt-br")
    assert found[1::2] == [expected] * len(texts)
    assert all(set(each) <= SYMBOLS.keys() for each in found)
    assert expected.count(",") == expected.count("!") == 1
    assert "ɐ̃" in expected
    assert not {"espeakng_loader", "batuta.services.speech.espeak"} & sys.modules.keys()


async def test_its_library_is_in_no_memory_but_its_own(espeak: Espeak) -> None:
    """Neither before nor after it worked is a library of that name mapped into this process."""
    await espeak.read(["Bom dia."], "pt-br")
    assert "espeak" not in Path("/proc/self/maps").read_text()


async def test_a_voice_or_library_that_is_not_there_is_an_error(espeak: Espeak, tmp_path: Path) -> None:
    """Named; the service has another engine speak then."""
    with pytest.raises(ServiceError, match="no voice 'xx'"):
        await espeak.read(["a"], "xx")
    absent = Espeak(Found(EspeakHome(library=str(tmp_path / "none.so"), data=None), "none"))
    with pytest.raises(ServiceError, match="cannot be loaded"):
        await absent.say("a", Voice("espeak", "pt", tongue_of("pt")), tmp_path / "a.flac", [].append)
    await absent.aclose()


async def test_a_long_hostile_text_becomes_a_clip(espeak: Espeak, tmp_path: Path) -> None:
    """Mixed scripts, in pieces."""
    text = "Oi, mundo! Привет, 你好. " * 20
    seconds = await espeak.say(text, Voice("espeak", "pt", tongue_of("pt")), tmp_path / "a.flac", [].append)
    assert seconds > 10
    assert heard(tmp_path / "a.flac").any()


def test_without_it_the_free_engines_speak_five_languages(tmp_path: Path) -> None:
    """English by Kokoro all the same: hibari reads it."""
    free = installed(Weights(tmp_path), None, 2)
    offer = Offer(tuple(voice for backend in free.values() for voice in backend.voices))
    assert {code: voice.engine for code, voice in offer.languages.items()} == {
        "de": "nanotts",
        "en": "kokoro",
        "es": "nanotts",
        "fr": "nanotts",
        "it": "nanotts",
    }


def test_it_is_found_in_its_package_or_on_the_path_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra's own first; the system's by the program on PATH, whose library the loader knows by name."""
    packaged = find_espeak()
    assert packaged is not None
    assert packaged.identity.startswith("espeakng-loader-")
    monkeypatch.setattr(espeak_home, "_PACKAGE", "nobody_has_this")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_espeak() is None
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = find_espeak()
    assert found is not None
    assert found.home["data"] is None
    assert found.identity.startswith("system-")
