"""Room-native scenarios: a question, and what its answer and its run have to be like, in TOML files."""
