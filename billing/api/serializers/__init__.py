"""Shapes of this app's requests and responses."""
