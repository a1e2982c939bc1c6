"""The gateway of dubbing: jobs with numbers, videos taken in and given out; `desk.py` puts it together."""
