"""Batuta: one dependable front for slow, flaky media and AI services."""

__version__ = "0.1.0"
