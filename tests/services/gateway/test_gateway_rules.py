"""What is a video, how objects are called, and how a job may change: total functions over values."""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from itertools import product

import av
import pytest
from gateway_parts import MP4
from hypothesis import given
from hypothesis import strategies as st

from batuta.errors import BatutaError, Conflict, Forbidden, InvalidRequest
from batuta.services.gateway.containers import container_of, media_type_of
from batuta.services.gateway.keys import (
    MAX_NAME,
    MAX_NAME_BYTES,
    check_key,
    clean_name,
    download_name,
    output_key,
    output_keys,
    source_key,
)
from batuta.services.gateway.links import Links
from batuta.services.gateway.models import Job, JobChange, JobError, JobStatus, Options
from batuta.services.gateway.moves import changed, may_move

AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(minutes=1)
Q, P, C, F = JobStatus


def job(status: JobStatus = Q, **about: object) -> Job:
    known = {"id": 7, "source_object_key": "1_a.mp4", "target_language": "es", "status": status}
    return Job.model_validate({**known, "created_at": AT, "updated_at": AT, **about})


@pytest.mark.parametrize(
    ("form", "container"),
    [("mp4", "mp4"), ("mov", "mov"), ("matroska", "mkv"), ("webm", "webm"), ("avi", "avi"), ("flv", "flv")],
)
def test_real_files_are_known_by_their_first_bytes(form: str, container: str) -> None:
    """As FFmpeg writes them, by the first 64 bytes."""
    file = io.BytesIO()
    codec = {"webm": "vp8", "flv": "flv"}.get(form, "mpeg4")
    with av.open(file, "w", format=form) as made:
        stream = made.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        made.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        made.mux(stream.encode())
    assert container_of(file.getvalue()[:64]) == container


@pytest.mark.parametrize(
    ("beginning", "container"),
    [
        (b"\0\0\0\x14ftypqt  ", "mov"),
        (b"\0\0\0\x08wide\0\0\0\x01mdat", "mov"),
        (b"\0\0\0\x01mdat", "mov"),
        (b"\0\0\0\x18ftyp3gp4", "mp4"),
        (b"\0\0\0\x18ftypheic", None),
        (b"\0\0\0\x18ftypavif", None),
        (b"\x1a\x45\xdf\xa3\x8f\x42\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x8f\x42\x82\x85other", None),
        (b"\x1a\x45\xdf\xa3\x42\x82", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"Get free stuff here", None),
        (b"ID3\x04", None),
        (b"<html>", None),
        (b"\x7fELF", None),
        (b"", None),
    ],
)
def test_what_is_no_video_is_not_taken_for_one(beginning: bytes, container: str | None) -> None:
    """Pictures, sound, text and programs; the name of the file does not come into it."""
    assert container_of(beginning) == container


@given(st.binary(max_size=80))
def test_any_bytes_have_an_answer(beginning: bytes) -> None:
    """However short or odd."""
    container_of(beginning)
    container_of(MP4[:4] + beginning)
    container_of(b"\x1a\x45\xdf\xa3" + beginning)


@given(st.text(max_size=400))
def test_any_name_becomes_one_that_is_safe(name: str) -> None:
    """Composed, short, nothing in it that a path or a header breaks at; cleaning it again changes nothing."""
    clean = clean_name(name)
    assert 0 < len(clean) <= MAX_NAME
    assert len(clean.encode()) <= MAX_NAME_BYTES
    assert clean.isprintable()
    assert not set(clean) & set('/\\:*?"<>|%#')
    assert clean[0] != "."
    assert unicodedata.is_normalized("NFC", clean)
    assert clean_name(clean) == clean
    assert check_key(source_key(1_700_000_000_000, name))


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("talk.mp4", "talk.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ana\\Olá.MOV", "Olá.MOV"),
        ("Canc\u0327a\u0303o.mp4", "Canção.mp4"),
        ("日本 🎉.webm", "日本 🎉.webm"),
        ("gpj\u202e4pm.exe", "gpj4pm.exe"),
        ("a\nb\tc.mp4", "a b c.mp4"),
        ("a%2fb#1", "a_2fb_1"),
        (".htaccess", "htaccess"),
        ("...", "video"),
        ("", "video"),
        ("x" * 300 + ".mp4", "x" * 116 + ".mp4"),
        ("\U0001f389" * 200 + ".mp4", "\U0001f389" * 49 + ".mp4"),
    ],
)
def test_names_keep_what_is_harmless(name: str, clean: str) -> None:
    """Scripts, spaces and the suffix; folders, marks of direction and control characters go."""
    assert clean_name(name) == clean


def test_an_output_is_called_by_its_job() -> None:
    """And for who downloads it by the video and the language."""
    assert output_key(7) == "dubbed_7.mp4"
    assert output_keys(7) == ("dubbed_7.mp4", "dubbed_7.mkv")
    assert download_name("dubbed_7.mkv", "1700000000000_my_talk.mov", "pt-BR") == "my_talk.pt-BR.mkv"
    with pytest.raises(InvalidRequest, match=r"\.exe"):
        output_key(7, ".exe")
    assert media_type_of("1_page.html") == "application/octet-stream"
    assert media_type_of("dubbed_1.mkv") == "video/x-matroska"


def test_the_moves_of_a_job_are_these() -> None:
    """Forward, back into work from either end, and nowhere else."""
    allowed = {(Q, P), (Q, C), (Q, F), (P, C), (P, F), (F, P), (C, P)}
    stays = {(status, status) for status in JobStatus}
    found = {(now, then) for now, then in product(JobStatus, JobStatus) if may_move(now, then)}
    assert found == allowed | stays


@given(
    st.sampled_from(list(JobStatus)),
    st.builds(
        JobChange,
        status=st.none() | st.sampled_from(list(JobStatus)),
        progress=st.none() | st.floats(0, 100),
        output_object_key=st.sampled_from([None, "dubbed_7.mp4", "dubbed_7.mkv", "dubbed_8.mp4", "1_a.mp4"]),
        estimated_time_remaining=st.none() | st.floats(0, 1e6),
        activity=st.none() | st.text(max_size=5),
        error=st.none() | st.just(JobError(code="x", message="y")),
    ),
)
def test_a_changed_job_is_always_consistent(status: JobStatus, change: JobChange) -> None:
    """It has only its own output, is whole when completed, has an error only if it failed; twice is once."""
    before = job(status, output_object_key="dubbed_7.mp4" if status is C else None)
    try:
        after = changed(before, change, LATER)
    except BatutaError as error:
        assert isinstance(error, Conflict | InvalidRequest)  # noqa: PT017  # which of them is the next test's
        return
    assert Job.model_validate(after.model_dump()) == after.model_copy(update={"owner": ""})
    assert after.output_object_key in {None, *output_keys(7)}
    if after.status is C:
        assert (after.progress, after.estimated_time_remaining) == (100, None)
        assert after.output_object_key is not None
    assert after.error is None or after.status is F
    assert changed(after, change, LATER) == after


def test_an_output_of_another_is_refused() -> None:
    """Nobody, whatever his key, points a job at an object that is not its own."""
    for foreign in ("dubbed_8.mp4", "1_a.mp4", "../dubbed_7.mp4", "dubbed_7.exe"):
        with pytest.raises(InvalidRequest, match=r"dubbed_7\.mp4 or dubbed_7\.mkv"):
            changed(job(P), JobChange(output_object_key=foreign), LATER)
    with pytest.raises(InvalidRequest, match="without an outputObjectKey"):
        changed(job(P), JobChange(status=C), LATER)
    with pytest.raises(Conflict, match="may become COMPLETED or FAILED, not QUEUED"):
        changed(job(P), JobChange(status=Q), LATER)


def test_an_error_has_room_whatever_its_length() -> None:
    """The work failed; saying so must not."""
    told = JobError.told("x" * 500, "y" * 9000, "z" * 500)
    assert (len(told.code), len(told.message), len(told.stage or "")) == (100, 2000, 100)


def test_work_that_begins_again_begins_at_nothing() -> None:
    """The error is gone, the progress 0; the former output stays known."""
    failed = job(F, progress=60, error={"code": "x", "message": "y"}, activity="mixing")
    again = changed(failed, JobChange(status=P), LATER)
    assert (again.progress, again.error, again.activity, again.updated_at) == (0, None, None, LATER)
    edited = changed(job(C, output_object_key="dubbed_7.mp4", progress=100), JobChange(status=P), LATER)
    assert (edited.progress, edited.output_object_key) == (0, "dubbed_7.mp4")


def test_a_link_is_good_for_what_it_says_and_no_longer() -> None:
    """Another key, name, time or secret has another signature."""
    links = Links("secret")
    query = links.made("1_a.mp4", 1000, "ção &.mp4").partition("?")[2]
    signature = query.rpartition("signature=")[2]
    links.check("1_a.mp4", "1000", "ção &.mp4", signature, now=1000)
    wrong = [
        ("1_b.mp4", "1000", "ção &.mp4", signature),
        ("1_a.mp4", "1001", "ção &.mp4", signature),
        ("1_a.mp4", "1000", "other.mp4", signature),
        ("1_a.mp4", "1000", "ção &.mp4", ""),
        ("1_a.mp4", "1000", "ção &.mp4", "é" + signature),
    ]
    for each in wrong:
        with pytest.raises(Forbidden, match="signature"):
            links.check(*each, now=1000)
    with pytest.raises(Forbidden, match="signature"):
        Links("other").check("1_a.mp4", "1000", "ção &.mp4", signature, now=1000)
    with pytest.raises(Forbidden, match="no longer good"):
        links.check("1_a.mp4", "1000", "ção &.mp4", signature, now=1001)
    endless = links.made("1_a.mp4", 10**13, "a").rpartition("signature=")[2]
    with pytest.raises(Forbidden, match="no longer good"):
        links.check("1_a.mp4", str(10**13), "a", endless, now=0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"voices": 1}', "voices"),
        ('{"subtitles": "hard"}', "subtitles"),
        ('{"keep_background": "perhaps"}', "keep_background"),
        ("[]", "no JSON object"),
        ("{", "not JSON"),
        ('{"voice": NaN}', "not JSON"),
    ],
)
def test_options_nobody_knows_are_named(text: str, named: str) -> None:
    """Instead of being ignored."""
    with pytest.raises(InvalidRequest, match=named):
        Options.of_text(text)


def test_options_have_defaults_and_are_read_leniently_from_a_job() -> None:
    """Another gateway may have options of its own, and leave values empty."""
    assert Options.of_text("") == Options(source_language="auto", keep_background=True, subtitles="soft")
    text = '{"quality": 3, "voice": null, "loudness": "broadcast"}'
    assert Options.of_job(job(options_json=text)) == Options(loudness="broadcast")
    assert Options.of_job(job(options_json="")) == Options()
