"""Dubs done more than once: retried, edited, begun by many; nothing old stays, nothing is done twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flow_stage import flow_stage
from rounds_stage import Rounds, rounds

from batuta.dubbing.report import report_of
from batuta.dubbing.scripts import placements_of, warnings_of_segments
from batuta.dubbing.store import DubRun, DubRuns, dub_runs
from batuta.errors import InvalidRequest, ServiceUnavailable
from batuta.jobs import JobStatus
from batuta.services.audio_worker.orders import LONGEST_CLIP_SECONDS
from batuta.services.gateway.store import DubJobs
from batuta.storage.artefacts import once
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio

AT_ONCE = 30


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the server and all that ask it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def shared(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Rounds]:
    """One server for all tests here."""
    del anyio_backend
    async with rounds(tmp_path_factory.mktemp("rounds")) as opened:
        yield opened


@pytest.fixture
def stage(shared: Rounds) -> Rounds:
    """The server, its services well."""
    shared.well()
    return shared


async def test_a_line_changed_back_is_stored_as_it_was(stage: Rounds, tmp_path: Path) -> None:
    """Also after a retry from `upload`: what an earlier round stored is not taken for this one's."""
    number = await stage.dubbed(tmp_path, "Hello.")
    first = await stage.stored(number)
    assert (await stage.retried(number, "upload"))["status"] == "completed"
    assert await stage.stored(number) == first
    await stage.edited(number, 0, "Oi.")
    second = await stage.stored(number)
    assert second == await stage.merged(number) != first
    shown = await stage.edited(number, 0, "HELLO.")
    assert shown["status"] == "completed"
    assert await stage.stored(number) == first
    assert shown["report"]["segments"][0]["text"] == "HELLO."


async def test_what_was_cleaned_up_is_stored_again_by_a_retry(stage: Rounds, tmp_path: Path) -> None:
    """COMPLETED at the gateway, with its object, although every stage before was a lookup."""
    number = await stage.dubbed(tmp_path, "Clean.")
    first = await stage.stored(number)
    (await stage.server.api.post(f"/api/v1/job/{number}/cleanup")).raise_for_status()
    assert (await stage.desk.gateway.job(number)).output_object_key is None
    assert (await stage.retried(number))["status"] == "completed"
    job = await stage.server.ended(number)
    assert (job["status"], job["outputObjectKey"]) == ("COMPLETED", f"dubbed_{number}.mp4")
    assert await stage.stored(number) == first
    link = await stage.server.api.get(f"/api/v1/job/{number}/download")
    assert link.status_code == 200


async def test_a_line_too_long_to_say_keeps_the_original_voice(stage: Rounds, tmp_path: Path) -> None:
    """One line is not worth a dub: the job is COMPLETED and says what stands in the line's place, and why."""
    number = await stage.dubbed(tmp_path, "Short.", "Also short.")
    stage.cast.seconds = {"Endless.": LONGEST_CLIP_SECONDS + 1}
    shown = await stage.edited(number, 1, "Endless.")
    assert shown["status"] == "completed"
    assert [segment["state"] for segment in shown["segments"]] == ["spoken", "failed"]
    line = shown["report"]["segments"][1]
    assert (line["engine"], line["clip_seconds"]) == ("original voice", pytest.approx(2.6))
    assert f"{LONGEST_CLIP_SECONDS + 1:.0f} s to say" in line["warnings"][0]
    assert any("original voice" in warning for warning in shown["warnings"])
    stage.cast.seconds = {}
    shown = await stage.edited(number, 1, "Shorter.")
    assert [segment["state"] for segment in shown["segments"]] == ["spoken", "spoken"]
    assert shown["report"]["segments"][1]["warnings"] == []


async def test_a_dub_whose_newest_round_failed_can_still_be_edited(stage: Rounds, tmp_path: Path) -> None:
    """The next change starts from the script of the failed round, so no change is lost."""
    number = await stage.dubbed(tmp_path, "One.", "Two.")
    stage.sound.failures["merge"] = InvalidRequest("no room for the film")
    failed = await stage.edited(number, 0, "Um.")
    assert (failed["status"], failed["error_message"]) == ("failed", "no room for the film")
    stage.sound.failures.clear()
    shown = await stage.edited(number, 1, "Dois.")
    assert shown["status"] == "completed"
    assert [line["text"] for line in shown["report"]["segments"]] == ["Um.", "Dois."]
    assert await stage.stored(number) == await stage.merged(number)
    job = await stage.server.ended(number)
    assert (job["status"], job["error"]) == ("COMPLETED", None)


async def test_many_who_start_one_dub_at_once_start_one_job(stage: Rounds, tmp_path: Path) -> None:
    """All get the same job, and the work is done once."""
    number = await stage.taken_in(tmp_path, "Together.")
    records = await asyncio.gather(*(stage.dubbing.orchestrate(number) for _ in range(AT_ONCE)))
    assert {record.job_id for record in records} == {(await stage.record(number)).job_id}
    assert (await stage.over(number))["status"] == "completed"
    assert (stage.cast.asked["/transcribe"], stage.cast.asked["say TOGETHER."]) == (1, 1)


async def test_many_who_take_up_a_cancelled_dub_at_once_are_all_answered(
    stage: Rounds, tmp_path: Path
) -> None:
    """One of them sets it going again, the others find it going."""
    reached = stage.cast.hold("STOP.")
    number = await stage.taken_in(tmp_path, "Stop.")
    begun = await stage.dubbing.orchestrate(number)
    async with asyncio.timeout(20):
        await reached.wait()
    cancelled = await stage.dubbing.cancel(begun)
    assert cancelled.status is JobStatus.CANCELLED
    stage.cast.release()
    asked = (stage.server.api.post("/orchestrate", json={"job_id": number}) for _ in range(AT_ONCE))
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {202}
    assert (await stage.over(number))["status"] == "completed"
    record = await stage.record(number)
    assert (record.job_id, record.runs) == (begun.job_id, 2)


async def test_a_dub_whose_job_was_forgotten_begins_anew(stage: Rounds, tmp_path: Path) -> None:
    """What is left of it here does not stand in the way."""
    number = await stage.dubbed(tmp_path, "Forgotten.")
    old = await stage.record(number)
    await stage.dubbing._jobs.delete(old.job_id)
    records = await asyncio.gather(*(stage.dubbing.orchestrate(number) for _ in range(3)))
    assert (await stage.over(number))["status"] == "completed"
    assert {record.job_id for record in records} == {(await stage.record(number)).job_id} != {old.job_id}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_many_who_remember_the_job_of_a_dub_at_once_leave_one(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The last one's; nobody is refused because another was faster."""
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    database = Database.opened(tmp_path, url)
    await database.create_tables()
    try:
        runs = DubRuns(database)
        names = [f"job{number}" for number in range(20)]
        await asyncio.gather(*(runs.put(DubRun(7, name)) for name in names))
        rows = await database.read(
            lambda connection: list(connection.execute(sa.select(dub_runs.c.dub_id, dub_runs.c.job_id)))
        )
        ((dub_id, job_id),) = rows
        assert dub_id == 7
        assert job_id in names
        assert await runs.untold() == [DubRun(7, job_id)]
    finally:
        await database.aclose()


async def test_two_dubs_of_objects_with_one_name_each_have_their_own_video(stage: Rounds) -> None:
    """The object was replaced in between: what was fetched for the first dub is not the second's."""
    moment = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    jobs = DubJobs(stage.dubbing._runs._database, now=lambda: moment)
    numbers: list[int] = []
    for body in (stage.video("Same."), stage.video("Same.")):
        key = await jobs.reserve("same.mp4")
        await stage.desk.objects.put(key, once(body), "video/mp4")
        options = '{"source_language": "en", "keep_background": false}'
        job = await jobs.create(key, owner="", target_language="pt", options_json=options)
        await stage.dubbing.end_of(await stage.dubbing.orchestrate(job.id))
        found = await stage.dubbing.source(await stage.record(job.id))
        assert b"".join([chunk async for chunk in stage.dubbing.artefacts.read(found)]) == body
        await jobs.delete(job.id)  # another gateway may give a key again
        numbers.append(job.id)
    first, second = numbers
    assert first != second
    assert await stage.merged(first) != await stage.merged(second)


@pytest.mark.parametrize(
    ("said", "target", "spoken_as", "translated"),
    [
        (" AUTO ", "pt_br", "pt-BR", ("en", "pt")),
        ("English", "pt-PT", "pt-PT", ("en", "pt")),
        ("pt-BR", "en-GB", "en-GB", ("pt", "en")),
        ("en", "Portuguese", "pt", ("en", "pt")),
    ],
)
async def test_languages_are_understood_however_they_are_written(
    stage: Rounds, tmp_path: Path, said: str, target: str, spoken_as: str, translated: tuple[str, str]
) -> None:
    """Voices are asked for with the region, the translator with the codes."""
    text = f"Speak {said} in {target}."  # nobody has spoken it before
    number = await stage.dubbed(tmp_path, text, target=target, source_language=said)
    assert stage.cast.spoken == {" ".join(text.upper().split()): spoken_as}
    assert stage.cast.languages == [translated]
    shown = await stage.server.shown(number)
    assert (shown["source_language"], shown["target_language"]) == translated
    asked = (await stage.record(number)).request["source_language"]
    assert asked == ("auto" if "auto" in said.lower() else translated[0])


async def test_a_retry_tries_failed_lines_again_and_nothing_else(stage: Rounds, tmp_path: Path) -> None:
    """One that still fails keeps the original voice; then nobody but the voices was asked."""
    stage.cast.mute = {"BAD.", "WORSE."}
    number = await stage.dubbed(tmp_path, "Good.", "Bad.", "Worse.")
    stage.cast.asked.clear()
    stage.cast.mute = {"WORSE."}
    shown = await stage.retried(number)
    assert set(stage.cast.asked) == {"say BAD.", "say WORSE."}
    assert stage.cast.asked["say BAD."] == 1
    assert [segment["state"] for segment in shown["segments"]] == ["spoken", "spoken", "failed"]
    assert shown["report"]["segments"][1]["warnings"] == []
    assert await stage.stored(number) == await stage.merged(number)


@pytest.mark.parametrize(
    ("stage_name", "asked"),
    [
        ("synthesis", {"say MORNING.": 1, "say Noite.": 1}),
        ("translation", {"/translate/batch": 1, "say MORNING.": 1, "say EVENING.": 1}),
        (
            "transcription",
            {"/transcribe": 1, "/translate/batch": 1, "say MORNING.": 1, "say EVENING.": 1},
        ),
    ],
)
async def test_a_retry_from_a_stage_does_that_one_again_and_none_before(
    stage: Rounds, tmp_path: Path, stage_name: str, asked: dict[str, int]
) -> None:
    """`synthesis` keeps the changed lines and speaks all of them; `translation` forgets what was changed."""
    number = await stage.dubbed(tmp_path, "Morning.", "Evening.")
    await stage.edited(number, 1, "Noite.")
    stage.cast.asked.clear()
    shown = await stage.retried(number, stage_name)
    assert shown["status"] == "completed"
    assert stage.cast.asked == asked


async def test_a_translator_that_is_back_soon_is_waited_for(stage: Rounds, tmp_path: Path) -> None:
    """Two answers of 503 cost the dub nothing but a moment."""
    stage.cast.away = 2
    number = await stage.dubbed(tmp_path, "Patience.")
    report = (await stage.server.shown(number))["report"]
    assert (stage.cast.asked["away"], stage.cast.away) == (2, 0)
    assert report["segments"][0]["text"] == "PATIENCE."
    assert report["totals"]["untranslated"] == 0
    assert report["warnings"] == []


async def test_a_translator_that_stays_away_is_told_of_at_the_top(tmp_path: Path) -> None:
    """The lines are spoken as they are; the report counts them and begins with that."""
    async with flow_stage(tmp_path) as flow:
        flow.services.failures["WORD1A WORD1B."] = ServiceUnavailable("translator away")
        script = await flow.spoken(flow.order())
    warnings = warnings_of_segments(script)
    starts = [segment.start for segment in script.segments]
    report = report_of(
        script, placements_of(script), starts, loudness=None, true_peak=None, warnings=warnings
    )
    assert report.totals.untranslated == 1
    assert report.totals.spoken == 3
    assert report.warnings[0] == "nobody could translate 1 line: 1: spoken as in the video"


async def test_a_dub_whose_record_was_deleted_is_unknown(stage: Rounds, tmp_path: Path) -> None:
    """`cleanup?deleteRecord=true` leaves nothing of it, here or at the gateway."""
    number = await stage.dubbed(tmp_path, "Gone.")
    record = await stage.record(number)
    api = stage.server.api
    cleaned = await api.post(f"/api/v1/job/{number}/cleanup", params={"deleteRecord": "true"})
    assert cleaned.json()["recordDeleted"] is True
    for path in (f"/jobs/{number}", f"/jobs/{number}/video", f"/api/v1/job/{number}"):
        assert (await api.get(path)).status_code == 404, path
    assert (await api.post("/orchestrate", json={"job_id": number})).status_code == 404
    assert await stage.dubbing._rows.of(record.job_id) == []


@pytest.mark.parametrize("speech", [True, False])
async def test_sound_without_speech_ends_the_dub_before_the_dear_part(
    stage: Rounds, tmp_path: Path, *, speech: bool
) -> None:
    """Nothing is separated for a video in which there is nothing to dub."""
    stage.sound.speech = speech
    number = await stage.taken_in(tmp_path, "Silence.", keep_background=True)
    record = await stage.dubbing.wait(await stage.dubbing.orchestrate(number))
    if speech:
        assert (record.status, stage.sound.asked["separate"]) == (JobStatus.COMPLETED, 1)
        return
    assert (record.status, stage.sound.asked["separate"]) == (JobStatus.FAILED, 0)
    assert record.error is not None
    assert "nobody speaks" in record.error["message"]
    assert record.stages["separation"].started_at is None
    assert stage.cast.asked["/transcribe"] == 0
