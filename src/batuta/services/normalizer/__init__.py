"""The normalizer: orders in `orders.py`, the work in `service.py`, the engine beside it."""
