"""The same video, speaking another language; `pipeline.py` is the flow."""
