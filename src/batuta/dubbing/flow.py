"""A dub's segments, each on its own way: heard → translated → spoken, side by side, each step a lookup.

While one stretch of the sound is being heard, those before it are translated and spoken. What was finished is
kept (`jobs.pieces`), so after a crash, or after a line was changed, only what is missing is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

from batuta.dubbing.checks import NOBODY_SPEAKS
from batuta.dubbing.models import Script, Segment, Spoken
from batuta.dubbing.orders import Speak
from batuta.dubbing.progress import Progress, Watch
from batuta.dubbing.scripts import Scripts, room_of
from batuta.dubbing.steps import PATIENCE_SECONDS, Notes, Patience, Steps
from batuta.errors import InvalidRequest
from batuta.jobs import OnProgress

MOST_SEGMENTS: Final = 4000
"""Lines of one dub, some eight hours of speech; an order of so many clips is one the audio worker takes."""
VERSION: Final = "3"


class Flow:
    """Does `Speak` orders."""

    def __init__(self, steps: Steps, scripts: Scripts, watch: Watch, voices: int) -> None:
        """`voices` is how many lines of a dub may be under way to the speech service at a time."""
        self._steps = steps
        self._scripts = scripts
        self._watch = watch
        self._voices = voices

    async def speak(self, order: Speak, on_progress: OnProgress) -> Spoken:
        """Every line of the video, or what is missing of a script of which some were changed.

        Raises `InvalidRequest` for a language that cannot be translated or spoken, and for a video in which
        nobody speaks; a line that cannot be spoken is no error, its segment says what stands in its place.
        """
        async with self._watch(order, on_progress) as progress:
            try:
                script = await self._script(order, progress)
            except ExceptionGroup as errors:
                raise _first(errors) from None
            return await self._scripts.spoken(script)

    async def _script(self, order: Speak, progress: Progress) -> Script:
        places, patience = asyncio.Semaphore(self._voices), Patience(PATIENCE_SECONDS)

        async def voiced(segment: Segment) -> Segment:
            async with places:
                return await self._steps.speak(order, segment, patience)

        async def speak(segment: Segment) -> Segment:
            if segment.clip is not None:
                return segment
            spoken = await voiced(segment)
            await progress.moved([spoken])
            return spoken

        if order.script is not None:
            script = await self._scripts.read(order.script)
            await progress.heard(script.segments, until=order.duration)
            segments = await _each(speak, script.segments)
            return script.model_copy(update={"segments": tuple(segments)})
        notes = Notes()
        await self._steps.note_engines(notes)
        language = await self._steps.language(order)
        await self._steps.check(order, language)
        segments = await self._spoken_as_heard(order, language, speak, progress, notes)
        segments = await self._shortened(order, segments, language, voiced, progress, notes)
        return Script(
            source_language=language,
            target_language=order.target_language,
            duration=order.duration,
            segments=tuple(segments),
            engines=notes.engines,
            warnings=tuple(notes.warnings),
        )

    async def _spoken_as_heard(
        self,
        order: Speak,
        language: str,
        speak: Callable[[Segment], Awaitable[Segment]],
        progress: Progress,
        notes: Notes,
    ) -> list[Segment]:
        """Stretch after stretch is heard; each goes on by itself while the next one is."""

        async def go_on(heard: Sequence[Segment]) -> list[Segment]:
            translated = await self._steps.translate(order, heard, language, notes)
            await progress.moved(translated)
            return await _each(speak, translated)

        ways: list[asyncio.Task[list[Segment]]] = []
        count = 0
        async with asyncio.TaskGroup() as group:
            for start, end in order.chunks:
                heard = await self._steps.hear(order, start, end, language, first=count)
                count += len(heard)
                if count > MOST_SEGMENTS:
                    raise InvalidRequest(f"the video has more than {MOST_SEGMENTS} lines: cut it in parts")
                await progress.heard(heard, until=end)
                ways.append(group.create_task(go_on(heard)))
        if not count:
            raise InvalidRequest(NOBODY_SPEAKS)
        return [segment for way in ways for segment in way.result()]

    async def _shortened(
        self,
        order: Speak,
        segments: Sequence[Segment],
        language: str,
        voiced: Callable[[Segment], Awaitable[Segment]],
        progress: Progress,
        notes: Notes,
    ) -> list[Segment]:
        """The segments; where a clip has no room, with a shorter text if the translator knows one."""

        async def fitted(segment: Segment) -> Segment:
            room, seconds = rooms[segment.index], segment.clip_seconds or 0.0
            if seconds <= room or segment.state != "spoken":
                return segment
            longest = max(int(len(segment.text) * room / seconds), 1)
            shorter = await self._steps.shorten(order, segment, language, longest)
            if shorter is None:
                return segment
            spoken = await voiced(shorter)
            if spoken.state != "spoken" or (spoken.clip_seconds or seconds) >= seconds:
                return segment
            await progress.moved([spoken])
            notes.warnings[f"line {segment.index} is translated more briefly, to fit its time"] = None
            return spoken

        rooms = room_of(segments, order.duration)
        return await _each(fitted, segments)


async def _each(
    function: Callable[[Segment], Awaitable[Segment]], segments: Sequence[Segment]
) -> list[Segment]:
    """The function of every segment, all at once; in the order of the segments."""

    async def one(segment: Segment) -> Segment:
        return await function(segment)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(segment)) for segment in segments]
    return [task.result() for task in tasks]


def _first(failure: Exception) -> Exception:
    """The first failure in a group, in whose tasks there may be groups again."""
    while isinstance(failure, ExceptionGroup):
        group = cast("ExceptionGroup[Exception]", failure)
        failure = group.exceptions[0]
    return failure
