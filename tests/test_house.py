"""The house rules that a machine can check."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from batuta.albums.routes import router as albums_router
from batuta.captions import pipeline
from batuta.captions.admin_routes import admin_router, deliveries_router
from batuta.captions.routes import router
from batuta.errors import BatutaError, from_dict
from batuta.settings import Settings
from batuta.transcripts.routes import router as transcripts_router

ROOT = Path(__file__).parents[1]
MAX_MODULE_LINES = 500
SCREEN_LINES = 65
INDEX_HOSTS = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.org|deb\.debian\.org)\b")
THIS_FILE = "tests/test_house.py"


def committed() -> list[str]:
    """The files git tracks."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_module_is_longer_than_500_lines() -> None:
    """At 500 lines a module is split by idea."""
    long = {
        name: lines
        for name in committed()
        if name.endswith(".py")
        and (lines := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > MAX_MODULE_LINES
    }
    assert long == {}


def test_the_captions_pipeline_reads_top_to_bottom_in_one_screen() -> None:
    """It is the file to read first."""
    source = Path(pipeline.__file__).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= SCREEN_LINES


def test_no_committed_file_names_a_package_index_or_a_path_of_a_machine() -> None:
    """Everybody's own index serves, and nobody's folders are told."""
    named = {}
    for name in committed():
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found = INDEX_HOSTS.findall(text) + re.findall(r"/(?:root|home|work)/\w+", text)
        if found and name != THIS_FILE:
            named[name] = sorted(set(found))
    assert named == {}


def test_every_dependency_has_its_reason() -> None:
    """`docs/decisions.md` names each of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").lower()
    names = [re.split(r"[\[<>=~]", line)[0] for line in project["dependencies"]]
    assert [name for name in names if name.lower() not in reasons] == []


def test_every_setting_is_frozen_and_read_from_its_environment_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A field's name in capitals is its variable; an empty one is unset."""
    monkeypatch.setenv("POLL_INTERVAL", "7")
    monkeypatch.setenv("AUDIO_TRANSCRIBER_URL", "")
    settings = Settings()
    assert settings.poll_interval == 7.0
    assert settings.audio_transcriber_url is None
    with pytest.raises(ValueError, match="frozen"):
        settings.poll_interval = 8.0


def test_every_error_survives_its_json_form() -> None:
    """The class, the words and the seconds to wait come back."""

    def family(cls: type[BatutaError]) -> list[type[BatutaError]]:
        return [cls, *(member for child in cls.__subclasses__() for member in family(child))]

    for cls in family(BatutaError):
        error = from_dict(cls("what happened", 3.0).to_dict())
        assert type(error) is cls
        assert (error.message, error.retry_after) == ("what happened", 3.0)


def test_the_readme_s_commands_exist() -> None:
    """Every `make` target and `batuta` command it shows is there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^\$ |`)make ([a-z]+)\b", readme, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    main = (ROOT / "src" / "batuta" / "cli" / "main.py").read_text(encoding="utf-8")
    for command in set(re.findall(r"^batuta ([a-z]+)", readme, re.MULTILINE)):
        assert f"batuta.cli.{command}:" in main, command


def test_every_setting_is_documented() -> None:
    """Under the name of its variable."""
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)", (ROOT / "docs" / "settings.md").read_text()))
    assert {name.upper() for name in Settings.model_fields} - documented == set()


def test_every_route_is_documented() -> None:
    """A new route needs a line in docs/http.md."""
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    for route in [
        *router.routes,
        *admin_router.routes,
        *deliveries_router.routes,
        *transcripts_router.routes,
        *albums_router.routes,
    ]:
        path = getattr(route, "path", "").replace("{job_id}", "{id}")
        last = path.rsplit("/", 1)[-1].split(".")[0]
        assert path in text or f"/{last}" in text, path
