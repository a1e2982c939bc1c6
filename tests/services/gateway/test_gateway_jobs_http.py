"""Jobs over HTTP: who sees them, who may say how they go, and how their videos are had and deleted."""

from __future__ import annotations

import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from gateway_parts import VIDEO, House, Told, chunks, open_house, problem

from batuta.services.gateway.bucket import BucketObjects
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.links import Links
from batuta.services.gateway.models import JobChange, JobStatus

pytestmark = pytest.mark.anyio

FIELDS = {
    "id",
    "sourceObjectKey",
    "outputObjectKey",
    "targetLanguage",
    "optionsJson",
    "status",
    "progress",
    "estimatedTimeRemaining",
    "activity",
    "createdAt",
    "updatedAt",
    "error",
}
ERROR = {"code": "no_audio", "message": "there is no sound", "stage": "extraction"}


async def test_a_job_has_the_fields_of_the_contract(house: House) -> None:
    """Exactly these, and nobody's key."""
    job_id = await house.job()
    found = (await house.client.get(f"/api/v1/job/{job_id}", headers=house.as_("anna"))).json()
    assert set(found) == FIELDS
    assert (found["id"], found["status"], found["targetLanguage"]) == (job_id, "QUEUED", "es")
    assert found["createdAt"].endswith("Z")


async def test_an_unknown_job_is_not_found(house: House) -> None:
    """Whatever is asked of it, and whatever its id looks like."""
    anna, service = house.as_("anna"), house.as_("service")
    for job_id in ("99", "0", "-1", "1.0", "a", "9" * 30, "٣", "%00"):
        code = "not_found" if job_id == "%00" else "JOB_NOT_FOUND"
        path = f"/api/v1/job/{job_id}"
        problem(await house.client.get(path, headers=anna), 404, code)
        problem(await house.client.get(f"{path}/download", headers=anna), 404, code)
        problem(await house.client.post(f"{path}/cleanup", headers=anna), 404, code)
        problem(await house.client.patch(path, json={"progress": 1}, headers=service), 404, code)


async def test_anothers_job_is_as_unknown_as_none(house: House) -> None:
    """To everybody but its owner and the admin, on every route."""
    job_id = await house.completed(by="anna")
    bert = house.as_("bert")
    never = problem(await house.client.get("/api/v1/job/999", headers=bert), 404, "JOB_NOT_FOUND")["detail"]
    for method, path in (("GET", ""), ("GET", "/download"), ("POST", "/cleanup?deleteRecord=true")):
        answer = await house.client.request(method, f"/api/v1/job/{job_id}{path}", headers=bert)
        said = problem(answer, 404, "JOB_NOT_FOUND")["detail"]
        assert said == never.replace("999", str(job_id))
    assert (await house.client.get("/api/v1/jobs", headers=bert)).json()["jobs"] == []
    for who in ("anna", "service"):
        answer = await house.client.get(f"/api/v1/job/{job_id}", headers=house.as_(who))
        assert answer.status_code == 200
    assert len(house.kept()) == 2


async def test_only_services_say_how_a_job_goes(house: House) -> None:
    """Not its owner either: he could have any object signed."""
    job_id = await house.job(by="anna")
    for who, status, code in (("anna", 403, "forbidden"), ("reader", 403, "forbidden")):
        change = {"status": "COMPLETED", "outputObjectKey": "anything"}
        answer = await house.client.patch(f"/api/v1/job/{job_id}", json=change, headers=house.as_(who))
        problem(answer, status, code)
    problem(await house.client.patch(f"/api/v1/job/{job_id}", json={}), 401, "unauthorized")
    assert (await house.desk.gateway.job(job_id)).status == "QUEUED"


async def test_news_of_the_work_is_shown(house: House) -> None:
    """Every field of it, and what the state makes of them."""
    job_id = await house.job()
    path, service = f"/api/v1/job/{job_id}", house.as_("service")
    news = {
        "status": "PROCESSING",
        "progress": 33.4,
        "estimatedTimeRemaining": 90.2,
        "activity": "translating",
        "outputObjectKey": None,
    }
    found = (await house.client.patch(path, json=news, headers=service)).json()
    assert set(found) == FIELDS
    shown = {name: found[name] for name in news}
    assert shown == {**news, "progress": 33, "estimatedTimeRemaining": 90}
    failed = await house.client.patch(path, json={"status": "FAILED", "error": ERROR}, headers=service)
    assert failed.json()["error"] == ERROR
    again = await house.client.patch(path, json={"status": "PROCESSING"}, headers=service)
    assert (again.json()["error"], again.json()["progress"]) == (None, 0)


IMPOSSIBLE = [
    ({"status": "COMPLETED"}, 422, "invalid_request"),
    ({"status": "COMPLETED", "outputObjectKey": "dubbed_{id}.mp4"}, 422, "invalid_request"),
    ({"outputObjectKey": "{source}"}, 422, "invalid_request"),
    ({"outputObjectKey": "dubbed_999.mp4"}, 422, "invalid_request"),
    ({"status": "COMPLETED", "outputObjectKey": "../batuta.sqlite"}, 422, "invalid_request"),
    ({"status": "DONE"}, 422, "invalid_request"),
    ({"progress": "101"}, 422, "invalid_request"),
    ({"owner": "bert"}, 422, "invalid_request"),
    ({"sourceObjectKey": "x"}, 422, "invalid_request"),
    ({"status": "QUEUED"}, 409, "conflict"),
]


async def test_a_change_that_cannot_be_is_refused(house: House) -> None:
    """An output that is missing, another's or no object, a move that is none; nothing changes."""
    job_id = await house.job()
    before = await house.desk.gateway.patch(job_id, JobChange(status=JobStatus.PROCESSING))
    names = {"id": job_id, "source": before.source_object_key}
    path, service = f"/api/v1/job/{job_id}", house.as_("service")
    for change, status, code in IMPOSSIBLE:
        body = {name: value.format(**names) for name, value in change.items()}
        problem(await house.client.patch(path, json=body, headers=service), status, code)
        assert await house.desk.gateway.job(job_id) == before


async def test_there_is_no_output_before_the_job_is_completed(house: House) -> None:
    """Nor while it is made again, nor once it is deleted."""
    job_id = await house.job()
    anna, path = house.as_("anna"), f"/api/v1/job/{job_id}/download"
    problem(await house.client.get(path, headers=anna), 400, "OUTPUT_NOT_READY")
    done = await house.completed()
    path = f"/api/v1/job/{done}/download"
    assert (await house.client.get(path, headers=anna)).status_code == 200
    await house.desk.objects.delete(f"dubbed_{done}.mp4")
    problem(await house.client.get(path, headers=anna), 400, "OUTPUT_NOT_READY")
    await house.desk.gateway.patch(done, JobChange(status=JobStatus.PROCESSING))
    problem(await house.client.get(path, headers=anna), 400, "OUTPUT_NOT_READY")


async def test_a_link_gives_the_video_to_whoever_has_it(house: House) -> None:
    """Without a key, whole or in part, as a file of the video's name and language, for an hour."""
    job_id = await house.completed(b"0123456789", name="Olá.mov")
    answer = await house.client.get(f"/api/v1/job/{job_id}/download", headers=house.as_("anna"))
    url = answer.json()["url"]
    assert url.startswith(str(house.client.base_url.join(f"/api/v1/objects/dubbed_{job_id}.mp4?expires=")))
    found = await house.client.get(url)
    assert (found.status_code, found.content) == (200, b"0123456789")
    assert found.headers["content-type"] == "video/mp4"
    assert "Ol%C3%A1.es.mp4" in found.headers["content-disposition"]
    assert found.headers["x-content-type-options"] == "nosniff"
    part = await house.client.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    head = await house.client.head(url)
    assert (head.headers["content-length"], head.content) == ("10", b"")
    unsatisfiable = await house.client.get(url, headers={"Range": "bytes=99-"})
    assert unsatisfiable.status_code == 416
    for odd in ("bytes=" + "9" * 5000 + "-", "bytes=x", "lines=1-2", "bytes=4-2"):
        assert (await house.client.get(url, headers={"Range": odd})).status_code < 500
    expires = int(url.partition("expires=")[2].partition("&")[0])
    assert 3590 <= expires - time.time() <= 3601


async def test_a_link_that_was_changed_or_is_old_gives_nothing(house: House) -> None:
    """Another object, a later end, no signature, a signature of another time."""
    job_id = await house.completed()
    source = (await house.desk.gateway.job(job_id)).source_object_key
    answer = await house.client.get(f"/api/v1/job/{job_id}/download", headers=house.as_("anna"))
    url = answer.json()["url"]
    assert isinstance(house.desk.objects, FolderObjects)
    links = house.desk.objects.links
    for wrong in (
        url.replace(f"dubbed_{job_id}.mp4", source),
        url.replace(f"dubbed_{job_id}.mp4", "..%2fbatuta.sqlite"),
        url.replace("expires=", "expires=9"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        links.made(f"dubbed_{job_id}.mp4", int(time.time()) - 1, "a.mp4"),
        Links("another secret").made(f"dubbed_{job_id}.mp4", int(time.time()) + 60, "a.mp4"),
    ):
        problem(await house.client.get(wrong), 403, "forbidden")
    problem(await house.client.get(url.partition("?")[0]), 422, "invalid_request")
    problem(await house.client.get(links.made("gone.mp4", int(time.time()) + 60, "a")), 404, "not_found")


def test_the_secret_of_links_is_kept_close(tmp_path: Path) -> None:
    """Only its owner reads it, it stays the same, and receivers of webhooks do not know it."""
    first, second = FolderObjects.opened(tmp_path), FolderObjects.opened(tmp_path)
    assert first.links == second.links
    assert FolderObjects.opened(tmp_path / "other").links != first.links
    assert first.links.secret not in repr(first.links)
    (secret,) = (tmp_path / "links").iterdir()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert not (tmp_path / "webhook.secret").exists()


async def test_links_to_a_bucket_lead_to_the_bucket(
    tmp_path: Path, in_bucket: BucketObjects, told: Told
) -> None:
    """And our own route knows of no object there."""
    async with open_house(tmp_path, in_bucket, told) as house:
        job_id = await house.completed(b"dubbed in Spanish")
        answer = await house.client.get(f"/api/v1/job/{job_id}/download", headers=house.as_("anna"))
        found = await house.client.get(answer.json()["url"])
        assert found.content == b"dubbed in Spanish"
        assert "talk.es.mp4" in found.headers["content-disposition"]
        own = Links("any").made(f"dubbed_{job_id}.mp4", int(time.time()) + 60, "a.mp4")
        problem(await house.client.get(own), 404, "not_found")


async def test_cleaning_up_deletes_the_videos_and_the_record_if_asked(house: House) -> None:
    """A second time is no error while there is a record."""
    first, second = await house.completed(by="anna"), await house.completed(by="anna")
    anna = house.as_("anna")
    kept = await house.client.post(f"/api/v1/job/{first}/cleanup", headers=anna)
    assert kept.json()["recordDeleted"] is False
    assert (await house.desk.gateway.job(first)).output_object_key is None
    assert len(house.kept()) == 2
    assert (await house.client.post(f"/api/v1/job/{first}/cleanup", headers=anna)).status_code == 200
    problem(await house.client.get(f"/api/v1/job/{first}/download", headers=anna), 400, "OUTPUT_NOT_READY")
    gone = await house.client.post(f"/api/v1/job/{second}/cleanup?deleteRecord=true", headers=anna)
    assert gone.json()["recordDeleted"] is True
    assert house.kept() == []
    problem(await house.client.get(f"/api/v1/job/{second}", headers=anna), 404, "JOB_NOT_FOUND")


async def test_a_job_at_work_is_not_cleaned_up_and_a_queued_one_is_ended(house: House) -> None:
    """Whoever works on it needs the video; nobody is to begin on one that is gone."""
    job_id, anna = await house.job(by="anna"), house.as_("anna")
    await house.desk.gateway.patch(job_id, JobChange(status=JobStatus.PROCESSING))
    problem(await house.client.post(f"/api/v1/job/{job_id}/cleanup", headers=anna), 409, "conflict")
    assert len(house.kept()) == 1
    house.told.deaf = True
    queued = await house.job(by="anna")
    await house.client.post(f"/api/v1/job/{queued}/cleanup", headers=anna)
    ended = await house.desk.gateway.job(queued)
    assert (ended.status, ended.error and ended.error.code) == ("FAILED", "cleaned_up")
    assert await house.desk.jobs.unannounced() == []


async def test_jobs_are_listed_in_pages(house: House) -> None:
    """The newest first, each caller's own, with the way to the next page."""
    ids = [await house.job(by=by) for by in ("anna", "bert", "anna", "anna")]
    anna = house.as_("anna")
    first = (await house.client.get("/api/v1/jobs?limit=2", headers=anna)).json()
    assert [job["id"] for job in first["jobs"]] == [ids[3], ids[2]]
    assert set(first["jobs"][0]) == FIELDS
    assert first["total"] == 3
    cursor = {"limit": 2, "cursor": first["nextCursor"]}
    second = (await house.client.get("/api/v1/jobs", params=cursor, headers=anna)).json()
    assert ([job["id"] for job in second["jobs"]], second["nextCursor"]) == ([ids[0]], None)
    everybody = (await house.client.get("/api/v1/jobs", headers=house.as_("service"))).json()
    assert everybody["total"] == 4
    for wrong in ("x", "-1", ""):
        answer = await house.client.get("/api/v1/jobs", params={"cursor": wrong}, headers=anna)
        problem(answer, 422, "invalid_request")


async def test_a_server_that_uses_another_gateway_says_so(house: House) -> None:
    """Every route, in one sentence."""
    house.app.state.gateway = None
    for path in ("/api/v1/jobs", "/api/v1/job/1", "/api/v1/objects/a?expires=1&signature=x"):
        answer = await house.client.get(path, headers=house.as_("anna"))
        assert "API_GATEWAY_URL" in problem(answer, 404, "not_found")["detail"]


async def test_a_link_is_to_the_output_of_now(house: House) -> None:
    """A video that was rendered again is given under the links there were."""
    job_id = await house.completed(b"first")
    link = await house.desk.link(await house.desk.gateway.job(job_id))
    await house.desk.objects.put(f"dubbed_{job_id}.mp4", chunks(VIDEO), "video/mp4")
    assert (await house.client.get(link)).content == VIDEO


def test_secrets_are_not_shown(in_bucket: BucketObjects) -> None:
    """In a log line or a traceback."""
    shown = repr(replace(in_bucket._bucket, secret_key="s3cr3t"))
    assert "s3cr3t" not in shown
