"""Somewhere to measure: a whole service of one's own, an upstream that writes everything down, and clients for both."""
