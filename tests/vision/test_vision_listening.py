"""Recordings made ready for a transcriber: whatever a browser records, not too long, not silent."""

from __future__ import annotations

from pathlib import Path

import av
import photos
import pytest

from batuta.errors import MediaError, NoAudio, PayloadTooLarge, ServiceError, UnreadableMedia
from batuta.services.vision.contract import ListenResult
from batuta.services.vision.hearing import heard_in
from batuta.services.vision.kinds import audio_kind
from batuta.services.vision.listening import listen

CONTAINERS = [
    ("webm", "libopus", "audio/webm"),
    ("ogg", "libopus", "audio/ogg"),
    ("mp4", "aac", "audio/mp4"),
    ("mp3", "libmp3lame", "audio/mpeg"),
    ("adts", "aac", "audio/mpeg"),
    ("wav", "pcm_s16le", "audio/wav"),
    ("flac", "flac", "audio/flac"),
]


def heard(folder: Path, content: bytes) -> ListenResult:
    (given := folder / "given").write_bytes(content)
    return listen({"input": str(given), "output": str(folder / "made.flac"), "name": "a.webm"}, [].append)


@pytest.mark.parametrize(("container", "codec", "kind"), CONTAINERS)
def test_whatever_a_browser_records_becomes_one_channel_of_16_khz(
    tmp_path: Path, container: str, codec: str, kind: str
) -> None:
    """Also where the file does not say how long it is."""
    content = photos.sounding(photos.tone(1.5), container, codec)
    assert audio_kind(content) == kind
    assert heard(tmp_path, content)["duration"] == pytest.approx(1.5, abs=0.1)
    with av.open(str(tmp_path / "made.flac")) as file:
        assert (file.streams.audio[0].rate, file.streams.audio[0].channels) == (16_000, 1)


def test_what_is_too_long_is_refused_while_it_is_decoded(tmp_path: Path) -> None:
    """Two minutes and a second, in a tenth of a megabyte."""
    with pytest.raises(PayloadTooLarge, match="longer than 120 s"):
        heard(tmp_path, photos.sounding(photos.silence(121)))


def test_silence_is_an_error_not_an_empty_text(tmp_path: Path) -> None:
    """The microphone was off."""
    with pytest.raises(MediaError, match="is silent"):
        heard(tmp_path, photos.sounding(photos.silence(2)))


@pytest.mark.parametrize(
    "content", [b"\x1a\x45\xdf\xa3 and no more", b"no sound at all", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_recording_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """Told apart from damage by whoever knows its first bytes."""
    with pytest.raises((UnreadableMedia, NoAudio)):
        heard(tmp_path, content)


def test_anothers_document_is_read_as_far_as_it_goes() -> None:
    """A foreign transcriber may know no words and no language."""
    found = heard_in({"segments": [{"start": 0, "end": 1.5, "text": " red shoes "}], "language": "en"})
    assert (found.text, found.language, found.confidence) == ("red shoes", "en", None)
    words = [{"probability": 0.5}, {"probability": 1.0}, {"word": "x"}]
    sure = heard_in({"segments": [{"start": 0, "end": 1, "text": "a b", "words": words}]})
    assert (sure.confidence, sure.language) == (0.75, None)
    assert not heard_in({"segments": []}).text


@pytest.mark.parametrize("document", [
    {}, {"segments": 5}, {"segments": [{"text": "x"}]}, {"segments": [{"start": "a", "end": 1, "text": ""}]},
    {"segments": [7]}, {"segments": [{"start": 0, "end": 1, "text": "x", "words": [{"probability": "?"}]}]},
])  # fmt: skip
def test_a_document_without_sense_is_the_services_fault(document: dict[str, object]) -> None:
    """Not the caller's."""
    with pytest.raises(ServiceError, match="not understood"):
        heard_in(document)
