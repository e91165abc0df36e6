"""Coordination over classical links: two-node, no-communication and classical broadcast."""
