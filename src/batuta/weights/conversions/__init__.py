"""Recipes that make a published file into the one we use: `python -m RECIPE INPUT...`, the result on stdout.

A recipe runs in a process of its own (`weights/converting.py`), on files whose hashes were checked, and gives
the same bytes each time, so that its result is pinned by hash like everything else.
"""
