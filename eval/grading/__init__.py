"""Deterministic graders: programs that look at an answer and its run, and say what is wrong with them."""
