"""The services that get called, each an ASGI app around an engine; all speak the job protocol of `app.py`."""
