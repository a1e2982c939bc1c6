"""The speech service: orders in `orders.py`, the flow of one order in `service.py`, engines beside it."""
