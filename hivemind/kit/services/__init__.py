"""What the toolkit writes: second factors, and what is told about sign-ins."""
