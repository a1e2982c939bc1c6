"""The audio worker: orders in `orders.py`, the work in `service.py`, one module for each task beside it."""
