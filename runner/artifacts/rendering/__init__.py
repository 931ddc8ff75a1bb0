"""Reports from Markdown to PDF, in a locked process of their own."""
