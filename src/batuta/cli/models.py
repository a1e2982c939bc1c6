"""`batuta models`: what weights there are, pull them, check them."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import App, Parameter

from batuta.cli.screen import print_document, say, weight_bars
from batuta.settings import Settings
from batuta.weights import Weights

app = App(name="models", help="Model weights: list, pull, verify.")

AsJson = Annotated[bool, Parameter(name="--json", negative="")]


@app.command(name="list")
def list_models(*, as_json: AsJson = False) -> int:
    """Every known set of weights and how much of it is here."""
    found = Weights.from_settings(Settings()).status()
    if as_json:
        rows = [
            {
                "name": status.weights.name,
                "purpose": status.weights.purpose,
                "licence": status.weights.licence,
                "bytes": status.weights.size,
                "state": str(status.state),
                "folder": str(status.folder),
            }
            for status in found
        ]
        print_document(json.dumps(rows, indent=2))
        return 0
    for status in found:
        size = f"{status.weights.size / 1e6:.0f} MB"
        print_document(f"{status.weights.name:<20} {status.state!s:<8} {size:>7}  {status.weights.purpose}")
    return 0


@app.command
async def pull(*names: str) -> int:
    """Pull sets of weights that are not here yet; without names, the default model.

    Parameters
    ----------
    names
        Names of `batuta models list`.
    """
    settings = Settings()
    weights = Weights.from_settings(settings)
    for name in names or (f"whisper-{settings.whisper_model}",):
        with weight_bars() as bars:
            folder = await weights.ensure(name, bars.show)
        say(f"{name} is in {folder}")
    return 0


@app.command
async def verify(*names: str) -> int:
    """Hash every file of the sets and compare with the published hashes; without names, all that is here.

    Parameters
    ----------
    names
        Names of `batuta models list`.
    """
    weights = Weights.from_settings(Settings())
    here = [status.weights.name for status in weights.status() if status.have_bytes]
    wrong = 0
    for name in names or here:
        problems = await weights.verify(name)
        wrong += len(problems)
        print_document("\n".join([f"{name}: {'wrong' if problems else 'ok'}", *(f"  {p}" for p in problems)]))
    return 1 if wrong else 0


@app.command
async def path(name: str) -> int:
    """Print the folder of a set, pulling it if need be.

    Parameters
    ----------
    name
        A name of `batuta models list`.
    """
    with weight_bars() as bars:
        folder = await Weights.from_settings(Settings()).ensure(name, bars.show)
    print_document(str(folder))
    return 0
