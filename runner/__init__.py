"""Carrying the agreement out: runs, stages, sealed containers."""
