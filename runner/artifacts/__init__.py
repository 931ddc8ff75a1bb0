"""Files that a run leaves beside its answer: rules for them, and reports made from Markdown. Free of Django."""
