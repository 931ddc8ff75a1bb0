"""What is asked: attacks in classes, and harmless questions whose answers are known."""
