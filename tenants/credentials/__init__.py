"""From a bearer to the principal it stands for."""
