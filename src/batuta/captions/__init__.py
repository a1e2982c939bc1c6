"""Captions: a video in, correct and readable subtitles out. Read `pipeline.py` first."""
