"""`batuta caption` on good and bad media, with the real engines."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from commands import Ended
from media_files import silent_audio, speech_video, truncated, video_without_audio

pytestmark = [pytest.mark.weights, pytest.mark.slow]
Batuta = Callable[..., Ended]


@pytest.fixture
def web(tmp_path: Path) -> Generator[str]:
    """A web server on loopback with what lies in `web/`; anything else is 404."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_speech_becomes_subtitles_beside_the_file(
    program: Batuta, batuta: Batuta, best_of_times: Path, tmp_path: Path
) -> None:
    """The name says the language; stdout says the file; a second time nothing is computed."""
    talk = tmp_path / "talk.mp4"
    speech_video(talk, best_of_times)
    ended = program("caption", talk)
    assert (ended.code, ended.stdout.strip()) == (0, str(tmp_path / "talk.en.srt"))
    subtitles = (tmp_path / "talk.en.srt").read_text()
    assert "the best of times" in subtitles.lower().replace("\n", " ")

    again = batuta("caption", talk, "--json", "-f", "vtt", "-o", tmp_path / "again.vtt")
    assert again.document["status"] == "completed"
    assert again.document["conformity"]["hard_violations"] == 0
    assert (tmp_path / "again.vtt").read_text().startswith("WEBVTT")


def test_subtitles_go_to_stdout_on_request(batuta: Batuta, best_of_times: Path) -> None:
    """`-o -` prints them and nothing else."""
    ended = batuta("caption", best_of_times, "-o", "-", "-f", "txt")
    assert ended.code == 0
    assert "worst of times" in ended.stdout.lower().replace("\n", " ")


def test_a_media_url_is_captioned(batuta: Batuta, web: str, best_of_times: Path, tmp_path: Path) -> None:
    """Written here, under the file's own name."""
    speech_video(tmp_path / "web" / "talk.mp4", best_of_times)
    ended = batuta("caption", f"{web}/talk.mp4")
    assert ended.code == 0, ended.stderr
    assert "best of times" in (tmp_path / ended.stdout.strip()).read_text().lower().replace("\n", " ")


def test_silence_gives_empty_captions(batuta: Batuta, tmp_path: Path) -> None:
    """A valid, empty result; no invented words."""
    silent_audio(tmp_path / "silence.wav", seconds=20)
    ended = batuta("caption", tmp_path / "silence.wav", "--json")
    assert ended.code == 0, ended.stderr
    assert ended.document["text"] == ""
    assert ended.document["cues"] == 0


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (video_without_audio, 1, "audio"),
        (lambda path: path.write_text("These are no pictures.\n" * 50), 1, "media"),
        (lambda path: path.write_bytes(b""), 1, "empty"),
    ],
    ids=["no audio track", "text named mp4", "empty file"],
)
def test_media_that_cannot_be_captioned_is_one_clear_line(
    batuta: Batuta, tmp_path: Path, make: Callable[[Path], object], code: int, said: str
) -> None:
    """Exit code 1, the cause, no traceback."""
    path = tmp_path / "broken.mp4"
    make(path)
    ended = batuta("caption", path)
    assert (ended.code, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_truncated_file_gives_captions_or_one_clear_line(
    batuta: Batuta, best_of_times: Path, tmp_path: Path
) -> None:
    """With its index cut off nothing can be read; with the index in front the rest is captioned."""
    speech_video(tmp_path / "whole.mp4", best_of_times)
    truncated(tmp_path / "whole.mp4", tmp_path / "no_index.mp4")
    ended = batuta("caption", tmp_path / "no_index.mp4")
    assert ended.code == 1
    assert len(ended.stderr.strip().splitlines()) == 1

    speech_video(tmp_path / "front.mp4", best_of_times, index_in_front=True)
    truncated(tmp_path / "front.mp4", tmp_path / "cut.mp4")
    ended = batuta("caption", tmp_path / "cut.mp4", "-o", "-")
    assert ended.code == 0, ended.stderr
    assert "best of times" in ended.stdout.lower().replace("\n", " ")


def test_a_url_that_answers_404_is_one_clear_line(batuta: Batuta, web: str) -> None:
    """Exit code 1: asking again would not help."""
    ended = batuta("caption", f"{web}/nothing.mp4")
    assert (ended.code, ended.stdout) == (1, "")
    assert "404" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_url_nobody_serves_is_worth_a_retry(batuta: Batuta) -> None:
    """Exit code 3."""
    ended = batuta("caption", "http://127.0.0.1:9/talk.mp4", HTTP_MAX_RETRIES="0")
    assert (ended.code, ended.stdout) == (3, "")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_an_english_model_refuses_another_language(batuta: Batuta, best_of_times: Path) -> None:
    """The error says what the model lacks and what to do."""
    ended = batuta("caption", best_of_times, "-l", "pt")
    assert ended.code == 2
    assert "tiny.en knows English only" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
