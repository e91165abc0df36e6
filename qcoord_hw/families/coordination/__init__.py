"""Coordination protocols of the six networks: circuits up to their outputs, and how these are measured."""
