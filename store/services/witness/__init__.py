"""Heads that others keep: being witnessed, and being a witness."""
