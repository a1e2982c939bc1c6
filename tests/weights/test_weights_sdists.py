"""Files inside source distributions: found by the user's own pip, fetched by its connection, never built."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from toys import CONTENT, MakeWeights, names_under, published
from wheelhouse import Wheelhouse

from batuta.errors import WeightsMissing
from batuta.weights import ArchiveMember, Sdist

pytestmark = pytest.mark.anyio

PATH = "toy-voices-1.0/voices/a.bin"


def toy(path: str = PATH) -> ArchiveMember:
    return ArchiveMember(Sdist("toy-voices", "1.0"), path)


def add_member(archive: Path, name: str, content: bytes) -> None:
    """Put a file into the archive, and a link that leads out of it."""
    with gzip.open(archive) as packed:
        held = io.BytesIO(packed.read())
    with tarfile.open(fileobj=held, mode="a") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("toy-voices-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    archive.write_bytes(gzip.compress(held.getvalue()))


async def test_a_file_is_taken_out_of_a_source_package_that_is_never_built(
    wheelhouse: Wheelhouse, make_weights: MakeWeights, models: Path
) -> None:
    """Its setup.py would leave a mark; nothing but the file stays."""
    add_member(wheelhouse.add_sdist("toy-voices"), PATH, CONTENT)
    folder = await make_weights(published(CONTENT, toy(), path="a.bin")).ensure("toy")
    assert (folder / "a.bin").read_bytes() == CONTENT
    assert not wheelhouse.executed.exists()
    assert names_under(models) == {"toy.lock", "a.bin", ".verified.json"}


@pytest.mark.parametrize(
    ("path", "content", "cause"),
    [
        ("toy-voices-1.0/other", CONTENT, "carries no toy-voices-1.0/other"),
        ("toy-voices-1.0/link", CONTENT, "carries no toy-voices-1.0/link"),
        (PATH, CONTENT[:-1], "another file, of 299999 bytes instead of 300000"),
    ],
)
async def test_a_source_package_without_the_file_is_no_source(
    wheelhouse: Wheelhouse, make_weights: MakeWeights, path: str, content: bytes, cause: str
) -> None:
    """Absent, a link, or of another size."""
    add_member(wheelhouse.add_sdist("toy-voices"), PATH, content)
    with pytest.raises(WeightsMissing, match=cause):
        await make_weights(published(CONTENT, toy(path))).ensure("toy")


async def test_what_is_no_archive_or_not_there_is_said(
    wheelhouse: Wheelhouse, make_weights: MakeWeights
) -> None:
    """In words of the cause; the next source is asked then."""
    weights = make_weights(published(CONTENT, toy()))
    with pytest.raises(WeightsMissing, match=r"no source distribution toy-voices==1\.0"):
        await weights.ensure("toy")
    wheelhouse.add_sdist("toy-voices").write_bytes(b"no archive")
    with pytest.raises(WeightsMissing, match="is not a readable archive"):
        await weights.ensure("toy")
