"""The words of the catalogue that the model is given: the likeliest, and few."""

from __future__ import annotations

import json

from model_endpoint import LEXICON

from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.shopping.model.excerpt import MOST_BYTES, Index

LARGE = Lexicon(
    version="2",
    types={f"thing number {n}": 5000 - n for n in range(1000)} | {"zither": 1},
    brands={f"Maker {n}": 5000 - n for n in range(1000)} | {"Żubrówka": 1},
    attributes={
        f"attribute_{n}": AttributeWords(
            label=f"attribute {n}", products=500 - n, values={f"värde {m}": 20 - m for m in range(20)}
        )
        for n in range(500)
    }
    | {
        "tuning": AttributeWords(label="tuning", products=1, values={"alpine": 1, "sentence " * 9: 9}),
        "brand": AttributeWords(label="brand", products=900, values={"not the facet": 1}),
    },
)


def test_a_large_catalogue_is_cut_to_size() -> None:
    """What the message names comes first, and all of it is within the limit."""
    found = Index.of(LARGE).excerpt("an alpine zithr, or a zubrowka")
    assert len(json.dumps(found.data(), ensure_ascii=False).encode()) <= MOST_BYTES
    assert found.types[0] == "zither"
    assert found.types[1] == "thing number 0"
    assert found.brands == ["Żubrówka"]
    assert next(iter(found.attributes.items())) == ("tuning", ["alpine"])
    assert len(found.attributes) > 5
    assert "brand" not in found.attributes


def test_values_are_told_in_words() -> None:
    """Words, numbers with their unit, yes or no."""
    found = Index.of(LEXICON).excerpt("anything")
    assert found.types == ["headphones", "running shoes", "laptop", "rain jacket"]
    assert found.brands == []
    assert found.attributes == {
        "colour": ["black", "red", "blue"],
        "material": ["leather", "mesh"],
        "waterproof": "true or false",
        "memory_gb": "a number of GB from 4 to 64",
        "screen_size_in": "a number of in from 10 to 18",
    }
