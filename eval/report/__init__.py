"""Results for people: Markdown, and HTML that needs nothing but itself."""
