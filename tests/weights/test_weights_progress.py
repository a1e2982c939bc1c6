"""A pull says how far it is, without ever printing."""

from __future__ import annotations

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, published
from wheelhouse import Wheelhouse

from batuta.weights import ArchiveMember, Progress, WebFile, Wheel
from batuta.weights.progress import Meter

pytestmark = pytest.mark.anyio


async def test_progress_names_each_source_tried_and_ends_complete(
    server: FileServer, make_weights: MakeWeights, capfd: pytest.CaptureFixture[str]
) -> None:
    """One report when a source begins, the last one when the file has landed."""
    server.files = {"hub": CONTENT}
    seen: list[Progress] = []
    file = published(CONTENT, WebFile(f"{server.url}/hub"))
    await make_weights(file, mirror=server.url).ensure("toy", seen.append)
    begun = [report.source for report in seen if not report.done_bytes]
    assert begun == [f"{server.url}/{file.sha256}", f"{server.url}/hub"]
    assert seen[-1] == Progress("toy", "model.bin", 300_000, 300_000, f"{server.url}/hub")
    assert capfd.readouterr() == ("", "")


async def test_progress_of_one_source_only_grows(server: FileServer, make_weights: MakeWeights) -> None:
    """Also over an interruption and what follows it."""
    file = published()
    server.files = {file.sha256: CONTENT}
    server.cut_at = {file.sha256: 100_000}
    seen: list[Progress] = []
    await make_weights(file, mirror=server.url).ensure("toy", seen.append)
    done = [report.done_bytes for report in seen]
    assert done == sorted(done)
    assert done[-1] == 300_000


def test_progress_never_goes_back_and_never_beyond_the_total() -> None:
    """A package may be larger than the file in it, and taking the file out of it starts at zero again."""
    seen: list[Progress] = []
    meter = Meter("toy", published(), seen.append)
    for done in (200_000, 500_000, 1000):
        meter.at(done)
        meter._told_at = 0.0
    assert [report.done_bytes for report in seen] == [200_000, 300_000, 300_000]


async def test_bytes_of_a_package_count_while_it_comes(
    wheelhouse: Wheelhouse, make_weights: MakeWeights
) -> None:
    """A package is reported by what has landed of it, before the file is taken out."""
    wheelhouse.add_wheel("toy-weights", {"toy/model.bin": CONTENT})
    seen: list[Progress] = []
    source = ArchiveMember(Wheel("toy-weights", "1.0"), "toy/model.bin")
    await make_weights(published(CONTENT, source)).ensure("toy", seen.append)
    assert {report.source for report in seen} == {"package toy-weights 1.0"}
    assert len(seen) > 2


async def test_a_set_that_is_here_reports_nothing(server: FileServer, make_weights: MakeWeights) -> None:
    """No work, no progress."""
    file = published()
    server.files = {file.sha256: CONTENT}
    weights = make_weights(file, mirror=server.url)
    await weights.ensure("toy")
    seen: list[Progress] = []
    await weights.ensure("toy", seen.append)
    assert seen == []
