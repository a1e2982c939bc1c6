"""One step each, in the order of their numbers; `0002_transcripts.py` is the example to follow."""
