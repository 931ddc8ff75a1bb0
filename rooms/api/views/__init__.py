"""Views of this app: parse, one call, answer."""
