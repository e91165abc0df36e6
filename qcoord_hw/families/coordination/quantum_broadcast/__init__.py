"""Coordination in the quantum broadcast network."""
