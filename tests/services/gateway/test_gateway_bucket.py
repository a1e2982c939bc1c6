"""A bucket that is away, silent, missing, or not ours; and signatures that AWS would compute too."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import botocore.auth
import httpx2
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gateway_parts import MEGABYTE, Cable, Source, chunks, whole

from batuta.errors import BatutaError, InvalidRequest, ServiceUnavailable, StorageError
from batuta.services.gateway.bucket import Bucket, BucketObjects
from batuta.services.gateway.desk import open_objects
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.presigning import Signer

pytestmark = pytest.mark.anyio

KEY = "1700000000000_talk.mp4"
DATA = b"baton" * MEGABYTE


async def test_a_store_that_goes_away_is_a_passing_failure(bucket: Bucket, cable: Cable) -> None:
    """In the middle of a put, of a read, and when asked anew; once it is back everything goes on."""
    objects = BucketObjects(replace(bucket, endpoint=cable.url))
    await objects.put("old", chunks(DATA, DATA), "video/mp4")
    source = Source(200)
    put = asyncio.create_task(objects.put(KEY, source.stream(), "video/mp4"))
    reader = objects.read("old")
    await anext(reader)
    async with asyncio.timeout(10):
        cable.carried.clear()
        await cable.carried.wait()  # a part is on its way
    await cable.cut()
    for failing in (put, _rest(reader), objects.size("old"), objects.put("x", chunks(b"x"), "video/mp4")):
        with pytest.raises(ServiceUnavailable) as failure:
            await failing
        assert failure.value.retryable
        assert "\n" not in str(failure.value)
    assert source.closed
    await cable.mend()
    assert await whole(objects, "old") == DATA + DATA
    assert not await objects.has(KEY)
    assert await objects.put(KEY, chunks(b"again"), "video/mp4") == 5
    await objects.aclose()


async def _rest(reader: object) -> None:
    async for _ in reader:  # type: ignore[attr-defined]
        pass


async def test_a_silent_store_is_not_waited_for_and_nothing_piles_up(bucket: Bucket, cable: Cable) -> None:
    """Each request has its time, and a source is asked for no more than a few parts meanwhile."""
    patient = replace(bucket, endpoint=cable.url, request_seconds=0.4, retries=0)
    objects = BucketObjects(patient)
    await objects.put("old", chunks(b"x"), "video/mp4")
    cable.clog()
    source = Source(500)
    async with asyncio.timeout(10):
        with pytest.raises(ServiceUnavailable):
            await objects.put(KEY, source.stream(), "video/mp4")
        with pytest.raises(ServiceUnavailable):
            await objects.size("old")
    assert source.given <= 40
    await objects.aclose()


async def test_a_missing_bucket_is_made_once(bucket: Bucket, gateway_s3: str) -> None:
    """Before the first object, also where a region has to be named; several at once do no harm."""
    for region in ("us-east-1", "eu-central-1"):
        named = replace(bucket, name=f"{bucket.name}{region}"[-60:], region=region)
        first, second = BucketObjects(named), BucketObjects(named)
        await asyncio.gather(*(each.put(KEY, chunks(b"x"), "video/mp4") for each in (first, second)))
        assert await second.has(KEY)
        async with httpx2.AsyncClient() as client:
            assert (await client.head(f"{gateway_s3}/{named.name}")).status_code == 200
        await first.aclose()
        await second.aclose()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"endpoint": "minio:9000"}, "MINIO_ENDPOINT"),
        ({"endpoint": "ftp://minio"}, "MINIO_ENDPOINT"),
        ({"endpoint": "http://minio/path"}, "MINIO_ENDPOINT"),
        ({"endpoint": "http://a:b@minio"}, "MINIO_ACCESS_KEY"),
        ({"public_endpoint": "videos.example"}, "MINIO_PUBLIC_ENDPOINT"),
        ({"name": "No/Bucket"}, "MINIO_BUCKET"),
    ],
)
def test_settings_that_cannot_be_are_told_by_name(bucket: Bucket, wrong: dict[str, str], named: str) -> None:
    """At the start, not with the first upload."""
    with pytest.raises(InvalidRequest, match=named):
        BucketObjects(replace(bucket, **wrong))


async def test_plain_http_is_spoken_only_where_the_endpoint_says_so(bucket: Bucket, cable: Cable) -> None:
    """An endpoint with https never gets a request in clear."""
    objects = BucketObjects(replace(bucket, endpoint=cable.url.replace("http:", "https:"), retries=0))
    with pytest.raises(BatutaError):
        await objects.put(KEY, chunks(b"x"), "video/mp4")
    with pytest.raises(BatutaError):
        await objects.size(KEY)
    await objects.aclose()


async def test_links_lead_where_those_outside_find_the_bucket(bucket: Bucket) -> None:
    """And no secret is in them, nor in what is shown of the settings."""
    objects = BucketObjects(replace(bucket, secret_key="s3cr3t", public_endpoint="https://videos.example"))
    await objects.put(KEY, chunks(b"x"), "video/mp4")
    url = await objects.signed_url(KEY, 3600, "talk.mp4")
    assert url.startswith(f"https://videos.example/{bucket.name}/{KEY}?")
    assert "X-Amz-Expires=3600" in url
    assert "s3cr3t" not in url + repr(objects._bucket) + repr(objects._signer)
    await objects.aclose()


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9000/videos/1_ção 日本 'a'(b)!*~.mp4",
        "https://s3.example:443/videos/a@b,c;d=e?f#g%20h.mp4",
        "http://minio:80/videos",
    ],
)
def test_signatures_are_those_of_aws(method: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over paths, names and hosts that need care, as botocore computes them."""
    now = dt.datetime(2026, 11, 20, 12, 30, 45, tzinfo=dt.UTC)
    named = {"response-content-disposition": "attachment; filename=\"a b\"; filename*=UTF-8''%C3%A7"}
    url = Signer("key", "secret", "eu-west-1").url(method, address, 3600, now=now, parameters=named)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: now.replace(tzinfo=None))
    bare, _, query = url.partition("?")
    request = AWSRequest(method, bare, params=named)
    signer = botocore.auth.S3SigV4QueryAuth(Credentials("key", "secret"), "s3", "eu-west-1", 3600)
    signer.add_auth(request)
    theirs = request.url.partition("X-Amz-Signature=")[2]
    assert query.partition("X-Amz-Signature=")[2] == theirs
    assert len(theirs) == 64


async def test_without_a_bucket_objects_lie_in_the_data_folder(tmp_path: Path, bucket: Bucket) -> None:
    """What `open_objects` gives follows from the settings alone."""
    found = open_objects(tmp_path, None)
    assert isinstance(found, FolderObjects)
    assert (tmp_path / "objects").is_dir()
    there = open_objects(tmp_path, bucket)
    assert isinstance(there, BucketObjects)
    await there.aclose()


async def test_what_killed_processes_left_half_written_goes(tmp_path: Path) -> None:
    """When the folder is opened a day later; what somebody may still be writing stays, and every object."""
    first = FolderObjects.opened(tmp_path)
    await first.put(KEY, chunks(b"x"), "video/mp4")
    for name in ("old.mp4#1", "new.mp4#1", "old.mp4"):
        (tmp_path / "objects" / name).write_bytes(b"half")
    for name in ("old.mp4#1", "old.mp4", KEY):
        os.utime(tmp_path / "objects" / name, (0, 0))
    FolderObjects.opened(tmp_path)
    left = sorted(path.name for path in (tmp_path / "objects").iterdir())
    assert left == [KEY, "new.mp4#1", "old.mp4"]


async def test_a_folder_that_fails_is_no_passing_failure(in_folder: FolderObjects, tmp_path: Path) -> None:
    """Its owner has to do something about it."""
    (tmp_path / "objects" / KEY).mkdir()
    with pytest.raises(StorageError) as failure:
        await in_folder.put(KEY, chunks(b"x"), "video/mp4")
    assert not failure.value.retryable
