"""What came before an interruption is not fetched again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, content_of, published, put, wait_for_size

from batuta.errors import WeightsMissing
from batuta.weights import WebFile

pytestmark = pytest.mark.anyio


async def test_a_body_that_breaks_off_is_continued_there(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """The second request asks for the rest only."""
    file = published()
    server.files = {file.sha256: CONTENT}
    server.cut_at = {file.sha256: 100_000}
    folder = await make_weights(file, mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=100000-"]


async def test_a_server_that_falls_silent_is_left_for_the_next_which_continues(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """All sources promise the same bytes, so one goes on where another stopped."""
    server.files = {"slow": CONTENT, "good": CONTENT}
    server.stall_at = {"slow": 100_000}
    file = published(CONTENT, WebFile(f"{server.url}/slow"), WebFile(f"{server.url}/good"))
    folder = await make_weights(file).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.asked[-1] == ("good", "bytes=100000-")


async def test_a_later_pull_continues_an_earlier_one(
    server: FileServer, make_weights: MakeWeights, part: Path
) -> None:
    """A part file left on disk is good for its length."""
    file = published()
    put(part, CONTENT[:123_456])
    server.files = {file.sha256: CONTENT}
    folder = await make_weights(file, mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.asked == [(file.sha256, "bytes=123456-")]


async def test_a_server_without_ranges_sends_all_of_it(
    server: FileServer, make_weights: MakeWeights, part: Path
) -> None:
    """RFC 9110, 14.2: a range may be ignored; the whole then replaces the part."""
    file = published()
    put(part, CONTENT[:123_456])
    server.files = {file.sha256: CONTENT}
    server.without_ranges = {file.sha256}
    folder = await make_weights(file, mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT


async def test_a_wrong_part_is_dropped_and_fetched_again_once(
    server: FileServer, make_weights: MakeWeights, part: Path
) -> None:
    """When the whole proves wrong, the old beginning may be to blame: one more try, from zero."""
    file = published()
    put(part, bytes(1000))
    server.files = {file.sha256: CONTENT}
    folder = await make_weights(file, mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == ["bytes=1000-", None]


async def test_a_whole_part_lands_without_asking_anybody(
    server: FileServer, make_weights: MakeWeights, part: Path
) -> None:
    """Killed between the last byte and the rename: nothing is left to fetch."""
    put(part, CONTENT)
    folder = await make_weights(published(), mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.asked == []


async def test_a_server_that_sends_nothing_more_is_not_asked_for_ever(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """Without a new byte there is no new attempt."""
    file = published()
    server.files = {file.sha256: CONTENT}
    server.stall_at = {file.sha256: 100_000}
    with pytest.raises(WeightsMissing, match="ReadTimeout"):
        await make_weights(file, mirror=server.url).ensure("toy")
    assert [wanted for _, wanted in server.asked] == [None, "bytes=100000-"]


async def test_a_killed_process_is_continued_by_the_next(
    server: FileServer, make_weights: MakeWeights, part: Path, models: Path
) -> None:
    """After kill -9 in the middle: the lock is free, the bytes are kept, the rest is asked for."""
    file = published()
    server.files = {file.sha256: CONTENT}
    server.stall_at = {file.sha256: 200_000}
    puller = [sys.executable, str(Path(__file__).with_name("puller.py"))]
    with subprocess.Popen([*puller, str(models), server.url, file.sha256, str(file.size)]) as process:  # noqa: ASYNC220
        assert server.reached.wait(20)
        wait_for_size(part, 150_000)
        process.kill()
    server.stall_at.clear()
    kept = len(content_of(part))
    folder = await make_weights(file, mirror=server.url).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.asked[-1] == (file.sha256, f"bytes={kept}-")
