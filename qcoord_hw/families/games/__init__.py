"""Nonlocal games: circuits of strategies, and how their counts are scored and shown."""
