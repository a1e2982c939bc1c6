"""What services say about their jobs, and what it means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta import errors
from batuta.clients.polling import PollPolicy
from batuta.clients.progress import ProgressScale
from batuta.clients.remote_status import RemoteState, job_id, read_status


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RemoteState.COMPLETED, ["completed", "success", "done", "finished", "COMPLETED", " Done "]),
        (
            RemoteState.FAILED,
            ["failed", "error", "cancelled", "canceled", "aborted", "expired", "Expired", "ERROR"],
        ),
        (
            RemoteState.RUNNING,
            ["queued", "processing", "downloading", "pending", "transmogrifying", "", None, 7],
        ),
    ],
)
def test_every_word_of_the_trade(state: RemoteState, words: list[Any]):
    """Terminal words are known in any case; every other word means that it goes on."""
    assert {read_status({"status": word}).state for word in words} == {state}
    assert {read_status({"state": word}).state for word in words} == {state}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"error_message": "a", "error": "b", "message": "c", "detail": "d"}, "a"),
        ({"error": "b", "message": "c"}, "b"),
        ({"message": "c", "detail": "d"}, "c"),
        ({"detail": "d"}, "d"),
        ({"error_message": None, "error": "", "message": "c"}, "c"),
        ({"error": {"message": "nested"}}, "nested"),
        ({}, "the job ended as 'failed', without an explanation"),
    ],
)
def test_the_cause_is_found(payload: dict[str, Any], message: str):
    """Wherever the service put it, in this order."""
    status = read_status({"status": "failed", **payload})
    assert str(status.error) == message
    assert type(status.error) is errors.RemoteJobFailed


@pytest.mark.parametrize(
    ("payload", "cls"),
    [
        ({"error_code": "no_audio"}, errors.NoAudio),
        ({"code": "unreadable_media"}, errors.UnreadableMedia),
        ({"error": {"code": "engine_crashed"}}, errors.EngineCrashed),
        ({"error_code": "E17", "code": "no_audio"}, errors.NoAudio),
        ({"error_code": "E17"}, errors.RemoteJobFailed),
        ({"code": 17}, errors.RemoteJobFailed),
        ({"code": "internal_error"}, errors.RemoteJobFailed),
    ],
)
def test_a_code_of_ours_is_the_error_of_ours(payload: dict[str, Any], cls: type[errors.BatutaError]):
    """A code that names none of our classes is just another number."""
    assert type(read_status({"status": "failed", "message": "x", **payload}).error) is cls


def test_a_job_that_goes_on_has_no_error():
    """A message beside a running job is not a failure."""
    assert read_status({"status": "processing", "message": "nearly there"}).error is None


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"id": "a", "job_id": "b"}, "a"),
        ({"id": None, "job_id": "b"}, "b"),
        ({"id": "", "job_id": 7}, "7"),
        ({"id": 0}, "0"),
        ({"id": True}, None),
        ({"id": ["a"]}, None),
        ({}, None),
    ],
)
def test_an_id_is_text_or_a_number(payload: dict[str, Any], found: str | None):
    """Under either name."""
    assert job_id(payload) == found


@pytest.mark.parametrize(
    ("value", "progress"),
    [(45, 45.0), (0.5, 0.5), (None, None), (True, None), ("45", None), (float("nan"), None)],
)
def test_progress_is_a_number_or_nothing(value: Any, progress: float | None):
    """As it was reported; what it means is another question."""
    assert read_status({"status": "processing", "progress": value}).progress == progress


# Progress


def shown(values: list[float], scale: ProgressScale = ProgressScale.UNKNOWN) -> list[float]:
    percents: list[float] = []
    for value in values:
        scale = scale.learn(value)
        percents.append(scale.percent(value))
    return percents


@pytest.mark.parametrize(
    ("reported", "percents"),
    [
        ([0, 1, 2, 50, 100], [0, 1, 2, 50, 100]),  # 1 means 1 %
        ([0, 0.1, 0.5, 1.0], [0, 10, 50, 100]),  # now 1 means everything
        ([1, 1.0, 1], [1, 1, 1]),
        ([37.5, 0.5, 1], [37.5, 0.5, 1]),  # a percentage for good
        ([0.4, 0.9, 1.7, 0.5], [40, 90, 1.7, 0.5]),  # fractions of a percent, found out late
        ([-3, 150], [0, 100]),
    ],
)
def test_a_scale_is_told_apart_once(reported: list[float], percents: list[float]):
    """One value gives away how a service counts, and holds for all its others."""
    assert shown(reported) == pytest.approx(percents)


@settings(deadline=None)
@given(st.lists(st.floats(-1000, 1000)))
def test_a_percentage_never_leaves_its_bounds(values: list[float]):
    """Whatever a service reports."""
    assert all(0 <= percent <= 100 for percent in shown(values))


@settings(deadline=None)
@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0, 100)))
def test_a_settled_percentage_stays_one(before: list[float], after: list[float]):
    """Once a value above 1 has been seen nothing is multiplied any more."""
    assert shown([*before, 2.0, *after])[len(before) + 1 :] == after


# Pace


@pytest.mark.parametrize(
    ("remaining", "wait"), [(None, 25), (100.0, 25), (25.0, 25), (7.9, 7), (0.9, 0), (0.0, 0), (-3.0, 0)]
)
def test_a_service_is_asked_to_wait_no_longer_than_there_is_time(remaining: float | None, wait: int):
    """In whole seconds, which every service can read."""
    assert PollPolicy().wait(remaining) == wait


@settings(deadline=None)
@given(took=st.lists(st.floats(0, 100), max_size=2000), interval=st.floats(0.1, 60))
def test_a_service_is_never_hammered(took: list[float], interval: float):
    """Between an answer that came at once and the next question lie 50 ms at least, the interval at most."""
    policy = PollPolicy(interval=interval)
    pause = 0.0
    for seconds in took:
        pause = policy.pause(pause, seconds)
        assert pause == 0.0 if seconds >= 1 else 0.05 <= pause <= interval
