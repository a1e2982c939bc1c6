"""The flow of a dub's segments: side by side, each piece once, failures seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import pytest
from flow_stage import Stage, flow_stage

from batuta.dubbing.models import Segment
from batuta.errors import (
    BatutaError,
    BreakerOpen,
    EngineCrashed,
    InvalidRequest,
    ServiceUnavailable,
    StorageError,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    """A flow with made-up services."""
    async with flow_stage(tmp_path) as opened:
        yield opened


async def test_every_line_is_heard_translated_and_spoken_in_order(stage: Stage) -> None:
    """The script has the lines of all chunks, on the time line of the video, with their clips."""
    script = await stage.spoken(stage.order())
    assert [segment.source_text for segment in script.segments] == [
        "word0a word0b.",
        "word1a word1b.",
        "word2a word2b.",
    ]
    assert [segment.text for segment in script.segments] == [
        "WORD0A WORD0B.",
        "WORD1A WORD1B.",
        "WORD2A WORD2B.",
    ]
    assert [segment.start for segment in script.segments] == [0.5, 4.5, 8.5]
    assert all(segment.clip and segment.state == "spoken" for segment in script.segments)
    assert script.engines == {"sound": "1", "transcription": "1", "synthesis": "1", "translation": "capitals"}


async def test_a_line_is_spoken_while_later_ones_are_still_being_heard(stage: Stage) -> None:
    """The first clip does not wait for the last word of the video."""
    last = stage.services.pauses["WORD2A WORD2B."] = asyncio.Event()
    task = asyncio.create_task(stage.spoken(stage.order()))
    await stage.rows.some_spoken(1)
    assert not task.done()
    last.set()
    assert len((await task).segments) == 3


async def test_a_flow_that_begins_again_does_nothing_twice(stage: Stage) -> None:
    """After a crash what was heard, translated and spoken is looked up."""
    await stage.spoken(stage.order())
    asked = dict(stage.services.asked)
    await stage.spoken(stage.order())
    assert stage.services.asked == asked


async def test_an_interrupted_flow_keeps_the_lines_that_were_spoken(stage: Stage) -> None:
    """Stopped while the last line is being spoken, it goes on with that line only."""
    stage.services.pauses["say WORD2A WORD2B."] = asyncio.Event()
    task = asyncio.create_task(stage.spoken(stage.order()))
    await stage.rows.some_spoken(2)
    async with asyncio.timeout(5):
        await stage.services.reached.setdefault("WORD2A WORD2B.", asyncio.Event()).wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    stage.services.pauses.clear()
    await stage.spoken(stage.order())
    assert [stage.services.asked[f"say WORD{n}A WORD{n}B."] for n in range(3)] == [1, 1, 2]


async def test_a_changed_line_is_the_only_one_spoken_anew(stage: Stage) -> None:
    """A script with one text changed speaks that text, and asks for nothing else."""
    script = await stage.spoken(stage.order())
    changed = script.segments[1].model_copy(update={"text": "OUTRA", "clip": None})
    edited = script.model_copy(update={"segments": (script.segments[0], changed, script.segments[2])})
    asked = dict(stage.services.asked)
    again = await stage.spoken(stage.order(script=await stage.scripts.keep(edited)))
    assert stage.services.asked == {**asked, "say OUTRA": 1}
    assert [segment.text for segment in again.segments] == ["WORD0A WORD0B.", "OUTRA", "WORD2A WORD2B."]


async def test_equal_lines_are_spoken_once(stage: Stage) -> None:
    """Two lines with one text are one clip, even when they are asked for at the same time."""
    script = await stage.spoken(stage.order())
    same = tuple(each.model_copy(update={"text": "SIM", "clip": None}) for each in script.segments)
    kept = await stage.scripts.keep(script.model_copy(update={"segments": same}))
    await stage.spoken(stage.order(script=kept))
    assert stage.services.asked["say SIM"] == 1


async def test_no_more_lines_are_spoken_at_a_time_than_allowed(tmp_path: Path) -> None:
    """The speech service is not flooded."""
    async with flow_stage(tmp_path, voices=1) as stage:
        await stage.spoken(stage.order())
        assert stage.services.most["say"] == 1


async def test_a_line_nobody_can_speak_keeps_the_original_voice_and_says_so(stage: Stage) -> None:
    """The dub is made all the same; the segment names what stands in its place, and why."""
    stage.services.failures["say WORD1A WORD1B."] = EngineCrashed("the voice broke")
    script = await stage.spoken(stage.order())
    failed = script.segments[1]
    assert (failed.state, failed.engine) == ("failed", "original voice")
    assert failed.clip is not None
    assert "the voice broke" in failed.warnings[0]
    assert [segment.state for segment in script.segments] == ["spoken", "failed", "spoken"]


async def test_a_line_that_fails_once_is_tried_again(stage: Stage) -> None:
    """A passing trouble leaves no trace."""

    class Once(dict[str, BaseException]):
        def get(self, key: str, default: object = None) -> object:
            return self.pop(key, default)

    stage.services.failures = Once({"say WORD1A WORD1B.": ServiceUnavailable("busy")})  # type: ignore[assignment]
    script = await stage.spoken(stage.order())
    assert {segment.state for segment in script.segments} == {"spoken"}


async def test_lines_nobody_can_translate_are_spoken_as_they_are_and_say_so(stage: Stage) -> None:
    """A translator that is away costs the translation, not the dub, and it is said."""
    stage.services.failures["WORD1A WORD1B."] = ServiceUnavailable("translator away")
    script = await stage.spoken(stage.order())
    assert script.segments[1].text == "word1a word1b."
    assert "translator away" in script.segments[1].warnings[0]


async def test_a_video_in_which_nobody_speaks_is_one_clear_error(stage: Stage) -> None:
    """There is nothing to dub, and that is what is said."""
    stage.services.silent = frozenset(range(3))
    with pytest.raises(InvalidRequest, match="nobody speaks"):
        await stage.spoken(stage.order())


async def test_chunks_in_which_nobody_speaks_are_passed_over(stage: Stage) -> None:
    """Music between two speakers is no line."""
    stage.services.silent = frozenset({1})
    script = await stage.spoken(stage.order())
    assert [segment.index for segment in script.segments] == [0, 1]
    assert [segment.start for segment in script.segments] == [0.5, 8.5]


async def test_the_language_is_found_out_once_where_nobody_says_it(stage: Stage) -> None:
    """With `auto` the beginning is listened to for its language, and the rest is heard in it."""
    script = await stage.spoken(stage.order(source_language="auto"))
    assert script.source_language == "en"
    assert stage.services.asked["language"] == 1


async def test_a_text_too_long_for_its_time_is_said_more_briefly_if_the_translator_can(stage: Stage) -> None:
    """The shorter text is spoken, and the report says that it is one."""
    stage.services.shorter = True
    stage.services.clip_seconds = lambda text: 0.8 * len(text)
    script = await stage.spoken(stage.order(chunks=1))
    assert len(script.segments[0].text) < len("WORD0A WORD0B.")
    assert any("more briefly" in warning for warning in script.warnings)


async def test_progress_only_grows_to_its_end(stage: Stage) -> None:
    """The bar of the synthesis ends at 100."""
    await stage.spoken(stage.order())
    assert stage.bars.percents[-1] == 100


async def test_a_failure_within_a_line_is_told_as_what_it_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks within tasks: the real cause comes out, not a group of groups."""

    async def full(_job_id: str, segments: Iterable[Segment]) -> None:
        if any(segment.state == "spoken" for segment in segments):
            raise StorageError("the disk is full")

    monkeypatch.setattr(stage.rows, "put", full)
    with pytest.raises(StorageError, match="the disk is full"):
        await stage.spoken(stage.order())


async def test_lines_wait_for_a_speech_service_that_lets_nobody_in_for_a_while(stage: Stage) -> None:
    """A breaker that other lines opened says nothing about a line: it is spoken once the breaker closes."""

    class Opened(dict[str, BatutaError]):
        times = 3

        def get(self, key: str, default: BatutaError | None = None) -> BatutaError | None:
            if key == "say WORD1A WORD1B." and self.times:
                self.times -= 1
                return BreakerOpen("speech is left alone", 0.01)
            return default

    stage.services.failures = Opened()
    script = await stage.spoken(stage.order())
    assert {segment.state for segment in script.segments} == {"spoken"}
    assert script.segments[1].warnings == ()
