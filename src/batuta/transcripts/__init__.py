"""Transcripts of YouTube videos, from the nearest tier that has them."""
