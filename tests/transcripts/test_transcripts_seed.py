"""The seed's usage examples, with nothing but the import path changed, and what its API promises besides."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from loopback_youtube import Caption, LoopbackYouTube, Video
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from transcript_stage import fetches

from batuta.testing.redis import RedisServer
from batuta.transcripts import (
    TranscriptCache,
    TranscriptOrchestrator,
    TranscriptResult,
    extract_video_id,
    get_session,
)
from batuta.transcripts.cores import cores

ID = "dQw4w9WgXcQ"


@pytest.fixture
def youtube(
    loopback: LoopbackYouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackYouTube]:
    """A YouTube with one video, and a data folder of the test's own."""
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TRANSCRIPT_YOUTUBE_ORIGIN", loopback.url)
    monkeypatch.setenv("TRANSCRIPT_REQUESTS_PER_SECOND", "1000")
    loopback.videos[ID] = Video((Caption("en"), Caption("es"), Caption("pt-nP7-2PuUl7o")))
    yield loopback
    cores().close()


@pytest.fixture
def session(youtube: LoopbackYouTube) -> Iterator[Session]:
    """As the seed gets one."""
    del youtube
    found = get_session()
    yield next(found)
    found.close()


def test_basic_usage(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """The seed's first example prints the transcript."""
    orchestrator = TranscriptOrchestrator(session=session)
    result = orchestrator.get_transcript("dQw4w9WgXcQ")

    if result:
        print(result.transcript)
    assert capsys.readouterr().out.endswith("hello world\n")


def test_with_language_preference(session: Session) -> None:
    """The seed's second example gives the language preferred most."""
    orchestrator = TranscriptOrchestrator(session=session)
    result = orchestrator.get_transcript("dQw4w9WgXcQ", languages=["es", "en"])
    assert result is not None
    assert result.language == "es"


def test_cache_management(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """The seed's third example invalidates, clears, warms up and counts."""
    orchestrator = TranscriptOrchestrator(session=session)
    orchestrator.invalidate_cache("dQw4w9WgXcQ")
    orchestrator.clear_cache()
    orchestrator.prefetch("dQw4w9WgXcQ")

    stats = orchestrator.get_statistics()
    print(f"Cache keys: {stats['cache_keys']}")
    print(f"Database count: {stats['database_count']}")
    assert capsys.readouterr().out.endswith("Cache keys: 1\nDatabase count: 1\n")


def test_what_was_invalidated_is_fetched_again(session: Session, youtube: LoopbackYouTube) -> None:
    """In every tier, so that YouTube's new captions are seen."""
    orchestrator = TranscriptOrchestrator(session=session)
    orchestrator.get_transcript(ID)
    youtube.videos[ID] = Video((Caption("en", lines=((0.0, 1.0, "something else"),)),))
    assert orchestrator.invalidate_cache(ID) is True
    renewed = orchestrator.get_transcript(ID)
    assert renewed is not None
    assert renewed.transcript == "something else"


def test_a_cleared_cache_is_filled_from_the_database(session: Session, youtube: LoopbackYouTube) -> None:
    """Clearing touches memory and Redis; rows answer again without YouTube."""
    orchestrator = TranscriptOrchestrator(session=session)
    first = orchestrator.get_transcript(ID)
    asked = len(youtube.asked)
    assert orchestrator.clear_cache() is True
    assert orchestrator.get_transcript(ID) == first
    assert len(youtube.asked) == asked


def test_nothing_is_none_and_nothing_is_raised(session: Session) -> None:
    """What is no video, a video without captions, a language that is none: None."""
    orchestrator = TranscriptOrchestrator(session=session)
    assert orchestrator.get_transcript("../../etc/passwd") is None
    assert orchestrator.get_transcript("aaaaaaaaaaa") is None
    assert orchestrator.get_transcript(ID, ["fi"]) is None
    assert orchestrator.get_transcript(ID, ["no code at all"]) is None
    assert orchestrator.invalidate_cache("nothing") is False


class Slow:
    """A fetcher of the caller's own that takes its time."""

    def __init__(self) -> None:
        self.fetched: list[tuple[str, tuple[str, ...] | None]] = []
        self.may_answer = threading.Event()

    def fetch(self, video_id: str, languages: tuple[str, ...] | None = None) -> TranscriptResult:
        self.fetched.append((video_id, languages))
        assert self.may_answer.wait(10)
        return TranscriptResult.of(video_id, "en", "manual", [])


@pytest.mark.usefixtures("youtube")
def test_threads_with_sessions_of_their_own_make_one_fetch(tmp_path: Path) -> None:
    """16 threads ask for one video; the fetcher is asked once, and all have the answer."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    slow = Slow()

    def ask() -> TranscriptResult | None:
        with Session(engine) as session:
            return TranscriptOrchestrator(session, fetcher=slow).get_transcript(ID)

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask) for _ in range(16)]
        with Session(engine) as session:
            statistics = TranscriptOrchestrator(session, fetcher=slow).get_statistics
            end = time.monotonic() + 10
            while statistics()["joined"] < 15 and time.monotonic() < end:
                pass
        slow.may_answer.set()
        assert all(future.result(10) is not None for future in asked)
    assert slow.fetched == [(ID, None)]
    engine.dispose()


@pytest.mark.parametrize("pool", [None, StaticPool])
@pytest.mark.usefixtures("youtube")
def test_a_database_in_memory_will_do(pool: type[StaticPool] | None) -> None:
    """As tests of many programs have it, with and without a pool that shares its one connection."""
    how = {} if pool is None else {"poolclass": pool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine("sqlite://", **how)
    with Session(engine) as session:
        orchestrator = TranscriptOrchestrator(session)
        assert orchestrator.get_transcript(ID) is not None
        assert orchestrator.get_statistics()["database_count"] == 1
    cores().close()
    engine.dispose()


@pytest.mark.usefixtures("youtube")
def test_a_broken_database_is_passed_over(tmp_path: Path) -> None:
    """YouTube answers, though the rows can be neither read nor written."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}")
    with Session(engine) as session:
        orchestrator = TranscriptOrchestrator(session)
        assert orchestrator.get_transcript(ID) is not None
        assert orchestrator.get_statistics()["database_count"] is None
    engine.dispose()


def test_a_cache_in_redis_counts_its_own_keys(session: Session, redis: RedisServer) -> None:
    """Another program's keys are neither counted nor cleared."""
    with redis.client() as client:
        client.set("somebody:else", "1", ex=60)
        orchestrator = TranscriptOrchestrator(session, cache=TranscriptCache(redis_url=redis.url))
        orchestrator.clear_cache()
        assert orchestrator.get_transcript(ID) is not None
        assert orchestrator.get_statistics()["cache_keys"] == 1
        assert orchestrator.clear_cache() is True
        assert orchestrator.get_statistics()["cache_keys"] == 0
        assert client.get("somebody:else") == b"1"


def test_threads_that_all_begin_on_an_empty_data_folder_make_one_fetch(youtube: LoopbackYouTube) -> None:
    """16 at once, each with a session it got for itself: one database, one core, 16 answers."""
    ready = threading.Barrier(16, timeout=10)

    def ask() -> TranscriptResult | None:
        ready.wait()
        sessions = get_session()
        try:
            return TranscriptOrchestrator(next(sessions)).get_transcript(ID)
        finally:
            sessions.close()

    with ThreadPoolExecutor(16) as pool:
        answers = [future.result(30) for future in [pool.submit(ask) for _ in range(16)]]
    assert [answer and answer.transcript for answer in answers] == ["hello world"] * 16
    assert fetches(youtube)[ID] == 1


class Quick:
    """A fetcher of the caller's own that answers at once."""

    def fetch(self, video_id: str, languages: tuple[str, ...] | None = None) -> TranscriptResult:
        del languages
        return TranscriptResult.of(video_id, "en", "manual", [])


def test_more_fetchers_at_once_than_cores_are_kept_are_all_answered(session: Session) -> None:
    """24 threads, each with a fetcher object of its own: no core is closed under who is in it."""
    engine = session.get_bind()
    ready = threading.Barrier(24, timeout=10)

    def ask(number: int) -> TranscriptResult | None:
        ready.wait()
        with Session(engine) as own:
            return TranscriptOrchestrator(own, fetcher=Quick()).get_transcript(f"video-{number:05}")

    with ThreadPoolExecutor(24) as pool:
        answers = [future.result(30) for future in [pool.submit(ask, number) for number in range(24)]]
    assert [answer and answer.video_id for answer in answers] == [f"video-{n:05}" for n in range(24)]


FORKS = """
import os, signal, sys, warnings
from batuta.transcripts import TranscriptOrchestrator, get_session
warnings.simplefilter("ignore")
orchestrator = TranscriptOrchestrator(next(get_session()))
assert orchestrator.get_transcript("dQw4w9WgXcQ") is not None
child = os.fork()
if child == 0:
    signal.alarm(10)  # ends it, should it hang
    old = orchestrator.get_transcript("dQw4w9WgXcQ", ["es"])
    new = TranscriptOrchestrator(next(get_session())).get_transcript("dQw4w9WgXcQ", ["en"])
    os._exit(0 if old and new else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert orchestrator.get_transcript("dQw4w9WgXcQ", ["pt"]) is not None
sys.exit(code)
"""


@pytest.mark.usefixtures("youtube")
def test_a_child_that_was_forked_is_answered() -> None:
    """Within 10 s, by an orchestrator of before the fork and by one of its own; the parent goes on."""
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.usefixtures("youtube")
def test_what_the_caller_has_begun_in_his_only_connection_stays_his() -> None:
    """His insert, not committed, does not survive his rollback: our rows were not written through it."""
    how = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = sa.create_engine("sqlite://", **how)
    with Session(engine) as session:
        session.execute(sa.text("create table notes (words text)"))
        session.commit()
        session.execute(sa.text("insert into notes values ('not yet')"))
        assert TranscriptOrchestrator(session).get_transcript(ID) is not None
        assert session.scalar(sa.text("select count(*) from notes")) == 1
        session.rollback()
        assert session.scalar(sa.text("select count(*) from notes")) == 0
    cores().close()
    engine.dispose()


def test_one_language_may_be_said_without_a_list(session: Session) -> None:
    """A text is one code, not a code for each letter."""
    orchestrator = TranscriptOrchestrator(session)
    alone = orchestrator.get_transcript(ID, "es")
    assert alone is not None
    assert alone.language == "es"
    assert orchestrator.get_transcript(ID, ["es"]) == alone


def test_nothing_is_the_address_of_nothing() -> None:
    """Programs pass None on, and the old player's addresses have their parameters behind `&`."""
    assert extract_video_id(None) is None  # type: ignore[arg-type]
    assert extract_video_id(f"https://www.youtube.com/v/{ID}&hl=en") == ID
