"""Encryption at rest and between our own processes: derivation, contexts, seals, wraps, hand-off."""
