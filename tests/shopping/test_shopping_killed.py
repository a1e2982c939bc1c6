"""kill -9 between a question and its answer, and in the middle of a turn."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from batuta.server import orchestrator_app
from batuta.settings import Settings
from batuta.shopping.orchestrator import Orchestrator
from forked import Forked


def serve(data: str, port: int) -> None:
    """A server that kills itself in the middle of a turn while there is a file `kill` in its folder."""
    found = Orchestrator._found

    async def killed(self: Orchestrator, *arguments: Any) -> Any:
        if Path(data, "kill").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return await found(self, *arguments)

    Orchestrator._found = killed  # type: ignore[method-assign]  # in a process of its own
    app = orchestrator_app("shopping", Settings(batuta_data=Path(data), lease_seconds=1))
    uvicorn.run(app, port=port, log_level="warning")


class Server:
    """One that can be killed, and started again on the same data."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self._process = Forked(serve, [str(data), port], output=data / "output.txt")
        give_up = time.monotonic() + 60
        while True:
            try:
                httpx2.get(f"{self.url}/health", timeout=30)
            except httpx2.TransportError:
                assert time.monotonic() < give_up
                assert self._process.poll() is None
                time.sleep(0.05)
            else:
                break

    def say(self, message: str, request_id: str) -> dict[str, Any]:
        body = {"message": message, "user_id": "ann", "session_id": "s", "request_id": request_id}
        answer = httpx2.post(f"{self.url}/api/v1/chat", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def session(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx2.get(
            f"{self.url}/api/v1/sessions/s", params={"user_id": "ann"}, timeout=30
        ).json()
        return found

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=30)

    def ended(self) -> int:
        return self._process.wait(timeout=30)


def test_a_conversation_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    """Between question and answer nothing is lost; a turn killed in the middle is done when sent again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = Server(tmp_path, port)
    asked = server.say("running shoes under 200 dollars", "r1")
    assert asked["question"] is not None
    server.kill()

    server = Server(tmp_path, port)
    kept = server.session()
    assert kept["state"] == "CLARIFICATION"
    assert kept["question"] == asked["question"]
    answered = server.say(asked["question"]["suggestions"][0]["value"], "r2")
    assert asked["question"]["facet"] in answered["requirement_spec"]["soft"]
    assert answered["requirement_spec"]["price"]["max"] == 200
    (tmp_path / "kill").touch()
    try:
        server.say("not red", "r3")
    except httpx2.TransportError:
        pass
    else:
        raise AssertionError("the server was to be killed in this turn")
    assert server.ended() == -signal.SIGKILL
    (tmp_path / "kill").unlink()

    server = Server(tmp_path, port)
    again = server.say("not red", "r3")
    assert again["requirement_spec"]["price"]["max"] == 200
    assert "red" in json.dumps(again["requirement_spec"]["filters"])
    assert server.say("running shoes under 200 dollars", "r1") == asked
    kept = server.session()
    assert [turn["message"] for turn in kept["history"]][-1] == "not red"
    assert kept["turns"] == 3
    server.kill()
