"""What `make demo` promises: the book's words, in subtitles that keep every rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jiwer
import pytest
from commands import Ended
from whisper_normalizer.english import EnglishTextNormalizer

from batuta.media import check, profile_named, read
from book import TWO_CITIES

pytestmark = [pytest.mark.weights, pytest.mark.slow]

MOST_WRONG = 0.05


def test_the_demo_says_what_the_book_says(
    batuta: Callable[..., Ended], two_cities: Path, tmp_path: Path
) -> None:
    """Word error rate at most 5 %, no violation of width, lines, duration, gap or overlap; no word lost."""
    ended = batuta("caption", two_cities, "--json", "-o", tmp_path / "demo.srt", WHISPER_MODEL="base")
    assert ended.code == 0, ended.stderr
    subtitles = read((tmp_path / "demo.srt").read_text(), "srt")
    shown = " ".join(cue.plain for cue in subtitles.cues)

    normal = EnglishTextNormalizer()
    assert jiwer.wer(normal(TWO_CITIES), normal(shown)) <= MOST_WRONG
    assert shown.split() == str(ended.document["text"]).split()
    assert check(subtitles, profile_named("default").for_language("en")).hard_violations == 0
    assert ended.document["conformity"]["hard_violations"] == 0


def test_a_second_time_everything_is_kept(batuta: Callable[..., Ended], best_of_times: Path) -> None:
    """`--force` makes a new job, whose every stage is a lookup."""
    first = batuta("caption", best_of_times, "--json", "-o", "-")
    second = batuta("caption", best_of_times, "--json", "-o", "-", "--force")
    assert second.document["job_id"] != first.document["job_id"]
    assert all(stage["reused"] for stage in second.document["stages"].values())
    assert second.document["text"] == first.document["text"]
