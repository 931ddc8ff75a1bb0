"""Query agents written from the container contract alone, each in another style, and played unchanged."""
