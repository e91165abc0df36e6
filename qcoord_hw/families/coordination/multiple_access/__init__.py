"""Coordination in the multiple-access network."""
