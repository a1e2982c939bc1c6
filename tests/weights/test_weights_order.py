"""Sources are tried in order, and every refusal leads to the next one."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, names_under, published, put

from batuta.errors import NotFound, WeightsCorrupt, WeightsError, WeightsMissing
from batuta.weights import WebFile
from batuta.weights.locks import locked

pytestmark = pytest.mark.anyio

WRONG = bytes(len(CONTENT))


async def test_the_mirror_is_asked_by_hash_before_the_hub(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """What the mirror has is not fetched from anywhere else."""
    file = published(CONTENT, WebFile(f"{server.url}/hub"))
    server.files = {f"mirror/{file.sha256}": CONTENT, "hub": CONTENT}
    folder = await make_weights(file, mirror=f"{server.url}/mirror/").ensure("toy")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert server.paths() == [f"mirror/{file.sha256}"]


async def test_what_the_mirror_lacks_comes_from_the_hub(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """A mirror may hold some files only."""
    server.files = {"hub": CONTENT}
    weights = make_weights(published(CONTENT, WebFile(f"{server.url}/hub")), mirror=server.url)
    assert (await weights.ensure("toy") / "model.bin").read_bytes() == CONTENT


async def test_wrong_bytes_never_reach_the_folder(
    server: FileServer, make_weights: MakeWeights, models: Path
) -> None:
    """A source with other bytes of the same size is passed over, and nothing of them stays."""
    server.files = {"bad": WRONG}
    weights = make_weights(published(CONTENT, WebFile(f"{server.url}/bad")))
    with pytest.raises(WeightsCorrupt, match="sent other bytes"):
        await weights.ensure("toy")
    assert names_under(models) == {"toy.lock"}


async def test_wrong_bytes_lead_to_the_next_source(server: FileServer, make_weights: MakeWeights) -> None:
    """The right file is found behind a wrong one; the wrong one is fetched only once."""
    server.files = {"bad": WRONG, "good": CONTENT}
    file = published(CONTENT, WebFile(f"{server.url}/bad"), WebFile(f"{server.url}/good"))
    assert (await make_weights(file).ensure("toy") / "model.bin").read_bytes() == CONTENT
    assert server.paths() == ["bad", "good"]


async def test_a_file_of_another_size_is_refused_unread(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """The announced length is enough to know, and the message says both lengths."""
    server.files = {"page": b"<html>sign in</html>"}
    with pytest.raises(WeightsMissing, match="of 20 bytes instead of 300000"):
        await make_weights(published(CONTENT, WebFile(f"{server.url}/page"))).ensure("toy")


async def test_a_host_that_gives_no_answer_is_asked_once_per_pull(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """The second file does not wait for the silent hub again."""
    other = CONTENT[::-1]
    first, second = published(CONTENT, path="a"), published(other, path="b")
    server.files = {first.sha256: CONTENT, second.sha256: other}
    server.hanging = {"hub"}
    hub = WebFile(f"{server.url.replace('127.0.0.1', 'localhost')}/hub")
    mirror = [WebFile(f"{server.url}/{file.sha256}") for file in (first, second)]
    weights = make_weights(
        published(CONTENT, hub, mirror[0], path="a"), published(other, hub, mirror[1], path="b")
    )
    await weights.ensure("toy")
    assert server.paths() == ["hub", first.sha256, second.sha256]


async def test_a_refused_connection_leads_to_the_next_source(
    server: FileServer, make_weights: MakeWeights
) -> None:
    """A hub that cannot be reached costs no more than the attempt."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        closed = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    server.files = {"good": CONTENT}
    file = published(CONTENT, WebFile(f"{closed}/hub"), WebFile(f"{server.url}/good"))
    assert (await make_weights(file).ensure("toy") / "model.bin").read_bytes() == CONTENT


async def test_when_nobody_has_it_the_error_says_who_was_asked_and_what_to_do(
    server: FileServer, make_weights: MakeWeights, models: Path
) -> None:
    """Every source and its cause, the hash to look for, the setting and the place for the file."""
    file = published(CONTENT, WebFile(f"{server.url}/hub"))
    mirror, place = server.url.replace("http://", "http://user:secret@"), models / "toy" / "model.bin"
    with pytest.raises(WeightsMissing) as caught:
        await make_weights(file, mirror=mirror).ensure("toy")
    assert caught.value.message.splitlines() == [
        f"model.bin (sha256 {file.sha256}, 300,000 bytes) could not be had:",
        f"  {place}: missing",
        f"  {server.url}/{file.sha256}: answered 404",
        f"  {server.url}/hub: answered 404",
        f"Set BATUTA_MODEL_MIRROR to a URL that has it as /{file.sha256}, or put it at {place}.",
    ]
    assert caught.value.retryable


async def test_an_unknown_name_is_answered_with_the_known_ones(make_weights: MakeWeights) -> None:
    """A typing error should not need the documentation."""
    with pytest.raises(NotFound, match="'tyo'; there are toy"):
        await make_weights(published()).ensure("tyo")


async def test_a_folder_that_cannot_be_made_is_an_error_of_ours(
    make_weights: MakeWeights, models: Path
) -> None:
    """The operator learns which folder it is and which setting moves it."""
    put(models, b"a file where the folder should be")
    with pytest.raises(WeightsError, match="BATUTA_MODELS"):
        await make_weights(published()).ensure("toy")


async def test_a_lock_that_stays_taken_is_waited_for_with_a_limit(
    server: FileServer, make_weights: MakeWeights, models: Path
) -> None:
    """A pull that hangs elsewhere does not hang us for ever."""
    async with locked(models / ".incoming" / "toy.lock", timedelta(seconds=1)):
        weights = make_weights(published(), mirror=server.url, lock=timedelta(seconds=0.1))
        with pytest.raises(WeightsMissing, match="by somebody else"):
            await weights.ensure("toy")
    assert server.paths() == []
