"""What a terminal shows: progress bars on stderr where a person watches, nothing where a program does."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:  # a command that only looks at weights should not wait for the engine's import
    from batuta.jobs import Event
    from batuta.weights import Progress as WeightsProgress

stderr: Final = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """One line for the person, on stderr."""
    stderr.print(text, markup=False, soft_wrap=True)


class StageBars:
    """A bar for every stage of a job, moved by the job's events."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        """Move the stage's bar."""
        if event.stage is None:
            return
        bar = self._bars.get(event.stage)
        if bar is None:
            bar = self._bars[event.stage] = self._progress.add_task(event.stage, total=100)
        match event.kind:
            case "stage.progress":
                self._progress.update(bar, completed=float(event.data["progress"]))
            case "stage.completed":
                note = " (kept)" if event.data.get("reused") else ""
                self._progress.update(bar, completed=100, description=event.stage + note)
                self._progress.stop_task(bar)
            case "stage.failed":
                self._progress.update(bar, description=f"{event.stage} failed")
                self._progress.stop_task(bar)
            case _:
                return


@contextmanager
def stage_bars() -> Generator[StageBars]:
    """Bars on a terminal; elsewhere they are kept to ourselves."""
    columns = (TextColumn("{task.description:<22}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=stderr, disable=not stderr.is_terminal) as progress:
        yield StageBars(progress)


class WeightBars:
    """A bar for every file of model weights that is being pulled."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, news: WeightsProgress) -> None:
        """Move the file's bar."""
        name = f"{news.name}/{news.file}"
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=news.total_bytes)
            if not stderr.is_terminal:
                say(f"pulling {name} ({news.total_bytes / 1e6:.1f} MB)")
        self._progress.update(self._bars[name], completed=news.done_bytes)


@contextmanager
def weight_bars() -> Generator[WeightBars]:
    """Bars on a terminal, a line a file elsewhere."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as progress:
        yield WeightBars(progress)


def print_document(text: str) -> None:
    """The one thing that goes to stdout, exactly as it is."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()
