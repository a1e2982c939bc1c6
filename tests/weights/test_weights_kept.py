"""What is on this disk: believed by its hash, remembered until it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, content_of, published, put, stat_of

from batuta.errors import WeightsCorrupt
from batuta.weights import State, shelf

pytestmark = pytest.mark.anyio


@pytest.fixture
def kept(models: Path) -> Path:
    """The file, copied to its place by hand."""
    return put(models / "toy" / "model.bin", CONTENT)


@pytest.fixture
def no_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a file in full is a failure."""

    async def refuse(*_: object) -> int:
        pytest.fail("the file was hashed again")

    monkeypatch.setattr(shelf, "feed", refuse)


@pytest.mark.usefixtures("kept")
async def test_a_file_put_there_by_hand_is_accepted(server: FileServer, make_weights: MakeWeights) -> None:
    """The hash decides, not who brought it."""
    weights = make_weights(published(), mirror=server.url)
    assert weights.locate("toy") is None
    folder = await weights.ensure("toy")
    assert weights.locate("toy") == folder
    assert server.asked == []


async def test_a_pulled_set_is_not_hashed_again(
    server: FileServer, make_weights: MakeWeights, request: pytest.FixtureRequest
) -> None:
    """Not by the process that pulled it, and not by the next one: starting costs no reading."""
    file = published()
    server.files = {file.sha256: CONTENT}
    weights = make_weights(file, mirror=server.url)
    folder = await weights.ensure("toy")
    request.getfixturevalue("no_hashing")
    assert await weights.ensure("toy") == folder
    assert await make_weights(file).ensure("toy") == folder
    assert make_weights(file).locate("toy") == folder


async def test_a_file_that_changed_is_pulled_again(
    server: FileServer, make_weights: MakeWeights, kept: Path
) -> None:
    """Same size, other bytes: its time gives it away, its hash condemns it."""
    file = published()
    server.files = {file.sha256: CONTENT}
    weights = make_weights(file, mirror=server.url)
    await weights.ensure("toy")
    put(kept, bytes(len(CONTENT)))
    os.utime(kept, ns=(1, 1))
    assert weights.locate("toy") is None
    await weights.ensure("toy")
    assert content_of(kept) == CONTENT


async def test_damage_that_nobody_can_repair_is_corruption(make_weights: MakeWeights, kept: Path) -> None:
    """There are bytes, and they are wrong: trying again gives the same."""
    put(kept, bytes(len(CONTENT)))
    with pytest.raises(WeightsCorrupt, match="has other bytes: sha256") as caught:
        await make_weights(published()).ensure("toy")
    assert not caught.value.retryable


async def test_verify_finds_damage_that_the_memory_cannot_see(make_weights: MakeWeights, kept: Path) -> None:
    """A disk that rots changes neither size nor time; only reading finds it, and then it is known."""
    weights = make_weights(published())
    await weights.ensure("toy")
    seen = stat_of(kept)
    put(kept, bytes(len(CONTENT)))
    os.utime(kept, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert weights.locate("toy") is not None
    (problem,) = await weights.verify("toy")
    assert problem.path == kept
    assert "has other bytes" in problem.cause
    assert weights.locate("toy") is None
    assert make_weights(published()).locate("toy") is None


async def test_verify_names_what_is_missing_or_short(make_weights: MakeWeights, kept: Path) -> None:
    """One line per file, and silence about those that are right."""
    put(kept, CONTENT[:-1])
    right = published(b"right", path="right")
    put(kept.with_name("right"), b"right")
    weights = make_weights(published(), right, published(b"gone", path="gone"))
    assert [str(problem) for problem in await weights.verify("toy")] == [
        f"{kept}: has 299999 bytes instead of 300000",
        f"{kept.with_name('gone')}: missing",
    ]


async def test_a_set_is_missing_then_partial_then_present(make_weights: MakeWeights, models: Path) -> None:
    """The state goes by sizes alone; `verified` says whether the hashes are known as well."""
    weights = make_weights(published(b"one", path="1"), published(b"three", path="2"))
    seen = weights.status()
    put(models / "toy" / "1", b"one")
    seen += weights.status()
    put(models / "toy" / "2", b"three")
    seen += weights.status()
    await weights.ensure("toy")
    seen += weights.status()
    assert [(s.state, s.have_bytes, s.verified) for s in seen] == [
        (State.MISSING, 0, False),
        (State.PARTIAL, 3, False),
        (State.PRESENT, 8, False),
        (State.PRESENT, 8, True),
    ]


@pytest.mark.parametrize("stamp", [b"", b"[]", b'{"model.bin": 3}', b"\xff\xfe"])
async def test_a_damaged_memory_is_no_memory(make_weights: MakeWeights, kept: Path, stamp: bytes) -> None:
    """What cannot be read is hashed again, and the memory written anew."""
    put(kept.with_name(".verified.json"), stamp)
    weights = make_weights(published())
    assert weights.locate("toy") is None
    await weights.ensure("toy")
    assert make_weights(published()).locate("toy")


async def test_a_folder_that_takes_no_memory_is_hashed_once_per_process(
    make_weights: MakeWeights, kept: Path, request: pytest.FixtureRequest
) -> None:
    """Weights baked into a read-only image work too."""
    kept.with_name(".verified.json").mkdir()
    weights = make_weights(published())
    await weights.ensure("toy")
    request.getfixturevalue("no_hashing")
    await weights.ensure("toy")
    assert make_weights(published()).locate("toy") is None
