"""What can go wrong in an evaluation without being a result."""


class EvalError(Exception):
    """The measurement could not be made; the message says why."""
