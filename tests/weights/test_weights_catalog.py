"""The catalogue is well formed, and nothing in the package names a package index."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

import batuta.weights
from batuta.weights import CATALOG, Converted, WebFile, WeightFile


def pulled(file: WeightFile) -> list[WeightFile]:
    """The files that come from outside: those a conversion starts from, or the file itself."""
    made = [source for source in file.sources if isinstance(source, Converted)]
    return [found for source in made for each in source.inputs for found in pulled(each)] or [file]


FILES = [
    pytest.param(file, id=f"{name}/{file.path}")
    for name, weights in CATALOG.items()
    for each in weights.files
    for file in pulled(each)
]
ONLY_IN_A_PACKAGE = {"spleeter-2stems", "efficientnet-lite0"}


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_pinned_by_hash_and_size(file: WeightFile) -> None:
    """A SHA-256 is 64 hex digits in lower case, and no file is empty."""
    assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    assert file.size > 0


@pytest.mark.parametrize("name", CATALOG)
def test_every_file_has_a_hub_and_a_package(name: str) -> None:
    """Where one of the two cannot be reached, the other may; nobody publishes these two in this form."""
    for file in (found for each in CATALOG[name].files for found in pulled(each)):
        kinds = [isinstance(source, WebFile) for source in file.sources]
        assert kinds == ([False] if name in ONLY_IN_A_PACKAGE else [True, False])


@pytest.mark.parametrize("file", FILES)
def test_every_hub_address_is_pinned_to_a_revision(file: WeightFile) -> None:
    """A branch moves; a commit or a release tag does not."""
    for source in file.sources:
        if isinstance(source, WebFile):
            places = "resolve|raw|download|bergamot-models-sandbox"
            pinned = rf"/({places})/([0-9a-f]{{40}}|v?\d+\.\d+\.\d+|model-files-v\d+\.\d+)/"
            assert re.search(pinned, source.url)


@pytest.mark.parametrize("file", FILES)
def test_every_path_stays_in_its_folder(file: WeightFile) -> None:
    """A file's path is relative and climbs nowhere."""
    path = PurePosixPath(file.path)
    assert not path.is_absolute()
    assert ".." not in path.parts


def test_no_two_files_share_a_hash_or_a_place() -> None:
    """A hash that occurs twice would be a slip of the copyist."""
    files = [(name, file) for name, weights in CATALOG.items() for file in weights.files]
    assert len({file.sha256 for _, file in files}) == len(files)
    assert len({(name, file.path) for name, file in files}) == len(files)


def test_a_set_has_the_size_of_its_files() -> None:
    """`size` is what the set occupies on disk."""
    assert CATALOG["whisper-base"].size == 147_882_941


def test_no_package_index_is_named_in_the_code() -> None:
    """Which index pip asks is the user's decision alone."""
    sources = Path(batuta.weights.__file__).parent.rglob("*.py")
    hosts = {host for source in sources for host in re.findall(r"https?://([\w.-]+)", source.read_text())}
    assert hosts == {"huggingface.co", "github.com", "storage.googleapis.com"}
