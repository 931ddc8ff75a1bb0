"""The cases, one module for each family of lies."""
