"""The backend by rules: Apertium, where it is installed, for pairs that have no model.

A program of its own (GPL-2), found on PATH and run for each batch: `apertium -u es-pt`, many lines a call
(0.3 s to start, 1,000 lines a second), never with `-z`, which hangs through its wrapper. Each text is a
paragraph: Apertium then ends a sentence behind it, and no word ever moves into the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import signal
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.translator.carrying import translated_around
from batuta.services.translator.lines import Garbled, Line
from batuta.services.translator.phrasebook import phrase
from batuta.services.translator.ways import Pair, Route

TIMEOUT_SECONDS: Final = 20.0
"""For one batch and leg; the longest took 1.5 s."""
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of an answer."""
_SHOWN: Final = 200
"""Characters of its complaint that a message repeats."""
_PARAGRAPH: Final = "\n\n"
_UNSENT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")
"""Controls, half characters, and U+FFFF, at which Apertium believes that its input is over."""
_OTHER_NAMES: Final = (
    "afr=af bel=be ben=bn bre=br bul=bg cat=ca ces=cs cym=cy dan=da deu=de eng=en eus=eu fin=fi fra=fr "
    "glg=gl hin=hi ind=id isl=is ita=it kaz=kk lav=lv mkd=mk mlt=mt msa=ms nld=nl nno=nn nob=no oci=oc "
    "pol=pl por=pt ron=ro rus=ru slv=sl spa=es swe=sv tat=tt tur=tr ukr=uk urd=ur zlm=ms nb=no"
)
_CODES: Final = {code: code for code in LANGUAGES} | {
    name: code for name, _, code in (each.partition("=") for each in _OTHER_NAMES.split())
}
"""What Apertium calls languages (ISO 639-3 in new data, ISO 639-1 in old): our codes. A mode with a variant,
such as `es-pt_BR`, has none."""


class Apertium:
    """Translates lines by the rules installed on this machine."""

    batch_lines = 100
    batch_characters = 20_000
    at_once = 1

    def __init__(self, path: str | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        """`path` is where to look for the program, as PATH says it; None is PATH itself, "" nowhere."""
        self._path = path
        self._timeout = timeout

    @property
    def identity(self) -> str:
        """The program and the rules it has; empty where it is not installed, or has none we can use.

        Looks at names, sizes and times only: package managers keep the times that files were made with.
        """
        program = self._program()
        modes = {} if program is None else _modes(program)
        if program is None or not modes:
            return ""
        seen = [(path.name, path.stat()) for path in (program, *modes.values())]
        text = "\n".join(f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in seen)
        return f"apertium:{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:12]}"

    def pairs(self) -> frozenset[Pair]:
        """The pairs there are rules for."""
        program = self._program()
        return frozenset() if program is None else frozenset(_modes(program))

    async def translate(self, lines: Sequence[Line], route: Route) -> Sequence[Line]:
        """The lines through each leg of the route; raises `Garbled` for an answer that does not fit."""
        for leg in route.legs:
            lines = await self._through(leg.pair, lines)
        return lines

    async def aclose(self) -> None:
        """Nothing runs between two batches."""

    async def _through(self, pair: Pair, lines: Sequence[Line]) -> list[Line]:
        """The lines with every stretch of words said in the other language, and the rest as it was."""
        texts = [_folded(_UNSENT.sub(" ", line.text)) for line in lines]
        known = {text: phrase(text, pair) for text in texts}
        asked: list[str] = []
        for text in texts:
            if known[text] is None:
                translated_around(text, None, lambda part: asked.append(part) or part)
        answers = iter(await self._said(pair, asked) if asked else ())
        said = [known[text] or translated_around(text, None, lambda _: next(answers)) for text in texts]
        return [Line(line.id, _folded(text)) for line, text in zip(lines, said, strict=True)]

    async def _said(self, pair: Pair, texts: Sequence[str]) -> Iterator[str]:
        """The translation of each text, none of which is empty or has line breaks in it."""
        command = await asyncio.to_thread(self._command, pair)
        answer = await self._answer(command, _PARAGRAPH.join(texts) + "\n")
        said = answer.removesuffix("\n").split(_PARAGRAPH)
        if len(said) != len(texts) or any("\n" in each or not each.strip() for each in said):
            raise Garbled(f"Apertium answered {len(texts)} texts with {len(said)}")
        return (_cased(text, each) for text, each in zip(texts, said, strict=True))

    async def _answer(self, command: Sequence[str], question: str) -> str:
        """What the program makes of it; nothing of the program is left, whatever happens."""
        with tempfile.TemporaryDirectory(prefix="batuta-rules-") as folder:
            # A file: the pipes of uvloop are sockets, and the program opens /dev/stdin, which then fails.
            asked = await asyncio.to_thread(_opened, Path(folder) / "asked.txt", question)
            with asked:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asked,
                    stdout=PIPE,
                    stderr=PIPE,
                    start_new_session=True,  # it is a pipe of a dozen processes
                    env={**os.environ, "TMPDIR": folder},  # where it leaves a file when it is killed
                )
            streams = [cast("asyncio.StreamReader", each) for each in (process.stdout, process.stderr)]
            reading = [asyncio.create_task(_read(stream, process)) for stream in streams]
            try:
                async with asyncio.timeout(self._timeout):
                    await asyncio.wait(reading)
                    await process.wait()
            except TimeoutError:
                raise Garbled(f"Apertium did not answer within {self._timeout:g} s") from None
            finally:
                if process.returncode is None or not all(task.done() for task in reading):
                    _kill(process)
                await asyncio.wait(reading)  # to their ends: a process is over for asyncio when its pipes are
                await process.wait()
        said, complaint = (task.result() for task in reading)
        if process.returncode:
            words = (complaint or said).decode(errors="replace").strip()[:_SHOWN] or "nothing"
            raise Garbled(f"Apertium ended with exit code {process.returncode}; it last said: {words}")
        return said.decode(errors="replace")

    def _command(self, pair: Pair) -> list[str]:
        program = self._program()
        mode = None if program is None else _modes(program).get(pair)
        if program is None or mode is None:
            raise Garbled(f"Apertium has no rules for {pair} any more")
        return [str(program), "-d", str(mode.parent.parent), "-u", mode.stem]

    def _program(self) -> Path | None:
        found = shutil.which("apertium", path=self._path)
        return None if found is None else Path(found).resolve()


def _modes(program: Path) -> dict[Pair, Path]:
    """What `apertium -l` lists, by pair: the files in its folder of modes."""
    folder = program.parent.parent / "share" / "apertium" / "modes"
    found: dict[Pair, Path] = {}
    for path in sorted(folder.glob("*.mode")):
        codes = [_CODES.get(part) for part in path.stem.split("-")]
        match codes:
            case [str(source), str(target)] if source != target:
                found.setdefault(Pair(source, target), path)
            case _:
                pass
    return found


def _opened(path: Path, question: str) -> BinaryIO:
    """The question as a file, open at its beginning."""
    path.write_bytes(question.encode())
    return path.open("rb")


async def _read(stream: asyncio.StreamReader, process: Process) -> bytes:
    """All that comes; of a process that says too much, nothing: it is killed."""
    found = bytearray()
    size = 0
    while block := await stream.read(65536):
        size += len(block)
        if size <= _MOST_BYTES:
            found += block
        else:
            _kill(process)
    if size > _MOST_BYTES:
        raise Garbled(f"Apertium answered with more than {_MOST_BYTES} bytes")
    return bytes(found)


def _kill(process: Process) -> None:
    """It and everything it started, some of which is alive: nobody else has its number meanwhile."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _cased(text: str, said: str) -> str:
    """The answer as the text begins: every paragraph looks like the beginning of a sentence to some rules."""
    said = said.strip()
    if text[0].islower() and said[:1].isupper() and not said[1:2].isupper():
        return said[0].lower() + said[1:]
    return said
