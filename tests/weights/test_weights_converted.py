"""Files that are made here of other files: once, in a process of their own, believed by their hash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from file_server import FileServer
from toys import CONTENT, MakeWeights, names_under, published, put

from batuta.errors import WeightsCorrupt, WeightsMissing
from batuta.weights import Converted, Progress, WeightFile
from offspring import children

pytestmark = pytest.mark.anyio

HALF = len(CONTENT) // 2
Publish = Callable[[bytes], WeightFile]


@pytest.fixture(autouse=True)
def recipe_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy recipe is no part of the package."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def publish(server: FileServer) -> Publish:
    """Put content on the mirror and pin it."""

    def put_there(content: bytes) -> WeightFile:
        file = published(content, path=f"{len(server.files)}.ckpt")
        server.files[file.sha256] = content
        return file

    return put_there


def doubled(*inputs: WeightFile, result: bytes = CONTENT * 2) -> WeightFile:
    """A file that the toy recipe makes of these."""
    return published(result, Converted("doubling", inputs))


async def test_a_file_is_made_of_others_and_only_it_is_kept(
    server: FileServer, publish: Publish, make_weights: MakeWeights, models: Path
) -> None:
    """Ingredients come by the usual ways, in their order, and are gone afterwards."""
    inputs = publish(CONTENT[:HALF]), publish(CONTENT[HALF:])
    told: list[Progress] = []
    folder = await make_weights(doubled(*inputs), mirror=server.url).ensure("toy", told.append)
    assert (folder / "model.bin").read_bytes() == CONTENT * 2
    assert names_under(models) == {"toy.lock", "model.bin", ".verified.json"}
    assert {(news.file, news.done_bytes) for news in told} >= {
        ("0.ckpt", HALF),
        ("1.ckpt", HALF),
        ("model.bin", 2 * len(CONTENT)),
    }


async def test_what_was_made_once_is_not_made_again(
    server: FileServer, publish: Publish, make_weights: MakeWeights
) -> None:
    """Not by this process nor by the next; nobody is asked for anything."""
    file = doubled(publish(CONTENT))
    await make_weights(file, mirror=server.url).ensure("toy")
    server.asked.clear()
    await make_weights(file, mirror=server.url).ensure("toy")
    assert server.asked == []


async def test_a_mirror_may_have_the_result(
    server: FileServer, publish: Publish, make_weights: MakeWeights
) -> None:
    """Then nothing is made: the hash says that it is the same."""
    file = doubled(publish(CONTENT))
    server.files[file.sha256] = CONTENT * 2
    await make_weights(file, mirror=server.url).ensure("toy")
    assert server.paths() == [file.sha256]


async def test_a_result_with_another_hash_is_refused(
    server: FileServer, publish: Publish, make_weights: MakeWeights, models: Path
) -> None:
    """A recipe that changed is as good as a source that changed: its bytes never get the name."""
    file = doubled(publish(CONTENT), result=CONTENT + bytes(len(CONTENT)))
    with pytest.raises(WeightsCorrupt, match=r"conversion of 0\.ckpt: sent other bytes"):
        await make_weights(file, mirror=server.url).ensure("toy")
    assert "model.bin" not in names_under(models)


async def test_a_wrong_ingredient_never_reaches_the_recipe(
    server: FileServer, publish: Publish, make_weights: MakeWeights
) -> None:
    """Its hash is checked before; here it would make the recipe hang."""
    ingredient = publish(b"fine")
    server.files[ingredient.sha256] = b"hang"
    with pytest.raises(WeightsCorrupt, match=r"0\.ckpt \(sha256 .* could not be had"):
        await make_weights(doubled(ingredient), mirror=server.url).ensure("toy")


async def test_a_missing_ingredient_is_named(make_weights: MakeWeights) -> None:
    """The user learns what to look for, and that trying again may help."""
    with pytest.raises(WeightsMissing, match=r"nowhere\.ckpt \(sha256 .* could not be had") as caught:
        await make_weights(doubled(published(path="nowhere.ckpt"))).ensure("toy")
    assert caught.value.retryable


async def test_a_recipe_that_fails_says_why(
    server: FileServer, publish: Publish, make_weights: MakeWeights
) -> None:
    """Its last words are the cause."""
    weights = make_weights(doubled(publish(b"fail")), mirror=server.url)
    with pytest.raises(WeightsMissing, match="doubling failed: the ingredients do not go together"):
        await weights.ensure("toy")


async def test_a_recipe_that_hangs_is_ended(
    server: FileServer, publish: Publish, make_weights: MakeWeights
) -> None:
    """After its limit it is killed, and no process of it is left."""
    weights = make_weights(
        doubled(publish(b"hang")), mirror=server.url, conversion=timedelta(milliseconds=300)
    )
    with pytest.raises(WeightsMissing, match="doubling did not finish within"):
        await weights.ensure("toy")
    assert not children()


async def test_ingredients_survive_a_kill(
    server: FileServer, publish: Publish, make_weights: MakeWeights, models: Path
) -> None:
    """What a killed pull had already fetched is hashed and used, not fetched again."""
    ingredient = publish(CONTENT)
    put(models / ".incoming" / "toy" / f"{ingredient.sha256}.part", CONTENT)
    file = doubled(ingredient)
    await make_weights(file, mirror=server.url).ensure("toy")
    assert server.paths() == [file.sha256]
