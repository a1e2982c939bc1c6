"""The translator: orders in `orders.py`, the flow of one order in `service.py`, the engine beside it."""
