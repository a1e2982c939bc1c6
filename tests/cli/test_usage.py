"""Wrong use of the command: one clear line on stderr, exit code 2, nothing on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batuta.cli.main import run


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own data out of it."""
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["caption"], "source"),
        (["caption", "talk.mp4", "-f", "doc"], "doc"),
        (["caption", "talk.mp4", "--nope"], "--nope"),
        (["caption", "missing.mp4"], "missing.mp4 does not exist"),
        (["caption", "."], "is not a file"),
        (["caption", "https://media.test/x", "--profile", "cinema"], "cinema"),
        (["caption", "https://media.test/x", "-l", "klingon"], "klingon"),
        (["caption", "https://media.test/x", "--model", "huge"], "huge"),
        (["caption", "http://[::1"], "Invalid IPv6"),
        (["caption", "ftp://media.test/x"], "only http"),
        (["caption", "talk.mp4", "-o", ""], "-o"),
        (["serve", "--port", "99999"], "65535"),
    ],
)
def test_usage_errors_are_one_line_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names what is wrong."""
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_setting_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable, what is wrong, and the value."""
    monkeypatch.setenv("PORT", "eighty")
    assert run(["serve"]) == 2
    err = capsys.readouterr().err
    assert "PORT" in err
    assert "eighty" in err


@pytest.mark.parametrize("arguments", [["jobs", "show", "0123"], ["models", "pull", "nothing"]])
def test_what_does_not_exist_is_exit_code_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names it."""
    assert run(arguments) == 1
    assert arguments[-1] in capsys.readouterr().err


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The default model is among them."""
    assert run(["models", "list"]) == 0
    assert "whisper-base" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A newcomer finds what there is."""
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("caption", "jobs", "models", "serve", "doctor"):
        assert command in shown


def test_a_program_s_output_is_not_wrapped(program: Callable[..., object]) -> None:
    """Errors stay one line however narrow the terminal claims to be."""
    ended = program("caption", "x" * 300, COLUMNS="20")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_media_itself_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before any work."""
    talk = tmp_path / "talk.mp3"
    talk.write_bytes(b"precious")
    assert run(["caption", str(talk), "-o", str(talk)]) == 2
    assert talk.read_bytes() == b"precious"
    assert "is the media itself" in capsys.readouterr().err


def test_a_failure_is_one_json_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json`, whoever reads stdout learns the cause."""
    assert run(["caption", "missing.mp4", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "invalid_request"
    assert "missing.mp4" in err
