"""kill -9 in each of the eight stages of one real dub: it goes on, nothing finished is done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dub_program
import psutil
import pytest
from dub_records import DubRecords
from dub_videos import speech_in, talk

from batuta.dubbing.models import STAGES
from batuta.dubbing.progress import WITHIN
from forked import Forked, wait_for_text
from offspring import left_after

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

KILLED_IN = [stage for stage in STAGES if stage not in WITHIN]
SECONDS = 100


def test_a_dub_killed_in_every_stage_ends_as_if_nothing_had_happened(
    two_cities: Path, weights: Callable[[str], Path], tmp_path: Path
) -> None:
    """One output, each stage finished once, each line spoken once, no engine left behind."""
    for name in ("whisper-tiny.en", "spleeter-2stems", "bergamot-en-pt"):
        weights(name)
    video = talk(tmp_path / "talk.mp4", [speech_in(two_cities, 0.6, 9)])
    records = DubRecords(tmp_path / "data")
    assert len(KILLED_IN) == 8
    spoken_at_the_kill: dict[str, int] = {}
    finished: Counter[tuple[str, str]] = Counter()
    for stage in KILLED_IN:
        _kill_in(stage, records, video)
        now = Counter(records.finished())
        assert finished <= now, "what was finished is forgotten"
        finished = now
        if stage == "synthesis":
            assert [name for name, _ in finished].count(stage) == dub_program.LINES_KEPT
            spoken_at_the_kill = records.spoken()

    output = records.data.parent / "last"
    last = Forked(dub_program.carry, [records.data, video, None], output=output)
    assert last.wait(SECONDS) == 0, output.read_text()
    lines = int(output.read_text().split()[-1])

    assert records.begun() == []
    finished = Counter(records.finished())
    assert set(finished.values()) == {1}
    of_the_job = Counter(stage for stage, _ in finished)
    pieces = {"transcription": 1, "translation": 1, "synthesis": lines, "mix": 1}
    assert of_the_job == Counter(dict.fromkeys(KILLED_IN, 1)) + Counter(pieces)
    assert lines > dub_program.LINES_KEPT
    assert spoken_at_the_kill.items() <= records.spoken().items(), "a line was spoken again"
    assert set(records.spoken().values()) == {1}
    assert records.gateway() == [("COMPLETED", "dubbed_1.mp4")]
    source, result = sorted(path.name for path in (records.data / "objects").rglob("*.mp4"))
    assert source.endswith("_talk.mp4")
    assert result == "dubbed_1.mp4"


def _kill_in(stage: str, records: DubRecords, video: Path) -> None:
    """Start the dub or go on with it, and kill it when it has come so far."""
    output = records.data.parent / f"killed-in-{stage}"
    process = Forked(dub_program.carry, [records.data, video, stage], output=output)
    try:
        wait_for_text(output, "standing still", SECONDS)
        engines = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert left_after(5, engines) == []
    assert records.begun() == [stage]
