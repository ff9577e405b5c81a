"""From a request to everything that came of it, and back."""
