"""The demo catalogue: 289 products of 17 types, all of our own invention, for trying out without a file.

Brands and models are invented. Each type has 16 to 18 products that differ by brand, colour, size and price.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

from batuta.services.products import Product


def _file() -> bytes:
    return resources.files("batuta.services.catalog").joinpath("demo.jsonl").read_bytes()


DEMO_VERSION: Final = hashlib.sha256(_file()).hexdigest()[:16]
"""Changes with the demo's products."""


def demo_products() -> list[Product]:
    """The products of the demo, of the platform `demo`, in their order."""
    return [Product.model_validate_json(line) for line in _file().splitlines()]
