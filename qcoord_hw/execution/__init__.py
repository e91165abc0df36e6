"""Targets, layouts, noise models and the fast simulation paths; the only importer of Aer and the runtime."""
