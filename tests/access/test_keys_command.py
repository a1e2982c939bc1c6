"""`batuta keys` works on the database of the data folder."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from batuta.access.caller import Caller
from batuta.access.keys import Keys
from batuta.cli.keys import app
from batuta.storage.database import Database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path))
    return tmp_path


def keys(*arguments: str) -> Any:
    """Run the command."""
    return app(arguments, exit_on_error=False, print_error=False, result_action="return_value")


def found(folder: Path, clear: str) -> Caller | None:
    """Whose key it is, by the database."""

    async def find() -> Caller | None:
        database = Database.in_folder(folder)
        kept = Keys(database)
        try:
            return await kept.find(clear)
        finally:
            await kept.aclose()
            await database.aclose()

    return asyncio.run(find())


def test_create_prints_the_key_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a script can keep it; what is said about it goes to stderr."""
    assert keys("create", "ci runner", "--scope", "admin", "--scope", "read") == 0
    out, err = capsys.readouterr()
    (clear,) = out.splitlines()
    caller = found(folder, clear)
    assert caller is not None
    assert (caller.name, caller.scopes) == ("ci runner", {"admin", "read"})
    assert "ci runner" in err
    assert clear not in err


def test_a_key_is_for_submitting_and_reading_unless_told_otherwise(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody becomes an administrator by leaving something out."""
    keys("create", "plain", "--requests-per-minute", "5")
    caller = found(folder, capsys.readouterr().out.strip())
    assert caller is not None
    assert caller.scopes == {"submit", "read"}
    assert caller.requests_per_minute == 5


def test_list_and_revoke(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a key, or JSON; never the key; one that is revoked stays listed."""
    keys("create", "old laptop")
    clear = capsys.readouterr().out.strip()
    keys("list")
    (line,) = capsys.readouterr().out.splitlines()
    key_id = clear.split("_")[1]
    assert key_id in line
    assert "old laptop" in line
    assert "submit,read" in line
    assert clear.split("_")[2] not in line
    assert keys("revoke", key_id) == 0
    assert "revoked" in capsys.readouterr().err
    assert found(folder, clear) is None
    keys("list", "--json")
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["scopes"]) == (key_id, ["submit", "read"])
    assert shown["revoked_at"]
    keys("list")
    assert "revoked" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "x", "--scope", "root"), "root"),
        (("create",), "name"),
        (("create", ""), "printable"),
        (("create", "x", "--requests-per-minute", "-1"), "-1"),
        (("revoke", "0123"), "0123"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], said: str) -> None:
    """With the value."""
    with pytest.raises(Exception, match=f"(?i){said}"):
        keys(*arguments)
