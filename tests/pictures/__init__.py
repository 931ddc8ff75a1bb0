"""Makes the pictures of the operator's guide: a service of its own, a month of believable business, and a browser."""
