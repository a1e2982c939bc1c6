"""FFmpeg's filters over blocks of sound, one block in, some blocks out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as NothingMore
from av.filter import Graph

from batuta.media.audio import LAYOUTS, Block, frame_of

Filter: TypeAlias = tuple[str, str]
"""A filter's name and arguments in FFmpeg's own words: `("highpass", "f=80")`."""


class FilterChain:
    """Filters in a row, for one sound; what the last of them notes about it is in `notes`."""

    def __init__(self, sample_rate: int, channels: int, *filters: Filter) -> None:
        self.notes: dict[str, str] = {}
        self._sample_rate = sample_rate
        self._position = 0
        self._graph = Graph()
        self._graph.threads = 1  # of these filters none uses more, and starting threads takes a millisecond
        layout = LAYOUTS[channels]
        nodes = [self._graph.add_abuffer(sample_rate=sample_rate, format="fltp", layout=layout)]
        nodes += [self._graph.add(name, arguments) for name, arguments in filters]
        nodes += [self._graph.add("aformat", "sample_fmts=fltp"), self._graph.add("abuffersink")]
        self._graph.link_nodes(*nodes).configure()

    def feed(self, block: Block) -> list[Block]:
        """What comes out now that this block went in; filters may hold some of it back."""
        if not block.shape[1]:
            return []
        frame = frame_of(block, self._sample_rate)
        frame.pts = self._position
        self._position += block.shape[1]
        self._graph.push(frame)
        return list(self._ready())

    def finish(self) -> list[Block]:
        """What was held back."""
        self._graph.push(None)
        return list(self._ready())

    def run(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """What comes out for all these blocks, to the last sample."""
        for block in blocks:
            yield from self.feed(block)
        yield from self.finish()

    def _ready(self) -> Iterator[Block]:
        while True:
            try:
                frame = cast("AudioFrame", self._graph.pull())
            except (NothingYet, NothingMore):
                return
            self.notes.update(frame.metadata)  # the last frame, when it is a short one, has none
            yield np.asarray(frame.to_ndarray(), np.float32)
