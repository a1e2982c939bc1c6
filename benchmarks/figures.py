"""A figure as every benchmark prints it: what was measured, its limit, and what others reach."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One measured number and what it is compared with."""

    what: str
    value: float
    unit: str
    limit: float
    wanted: Literal["at most", "at least"] = "at most"
    ordinary: str = ""
    """What an ordinary implementation of the seed reached, by the contract."""
    naive: float | None = None
    """What `benchmarks.naive_captions` reached in the same run, in the same unit."""

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.wanted == "at most" else self.value >= self.limit

    def show(self) -> None:
        """Print it, with the number of cores it was measured on."""
        verdict = "within" if self.kept else "MISSED"
        limit = f"{self.wanted} {_short(self.limit)} {self.unit}"
        cores = f"{os.cpu_count()} cores"
        print(f"{self.what}: {_short(self.value)} {self.unit}; limit {limit}: {verdict}; {cores}")
        if self.naive is not None:
            better, worse = sorted((self.value, self.naive))
            ratio = f", {worse / better:.1f} times" if better else ""
            print(f"  the naive peer in this run: {_short(self.naive)} {self.unit}{ratio}")
        if self.ordinary:
            print(f"  an ordinary implementation of the seed: {self.ordinary}")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
