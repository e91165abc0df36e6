"""Coordination in the cascade network."""
