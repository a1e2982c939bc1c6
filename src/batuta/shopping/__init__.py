"""Say what you want: it asks what helps, searches, ranks, explains, remembers; read `orchestrator.py`."""
