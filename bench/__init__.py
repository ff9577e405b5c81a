"""Measurements, side by side in one run: each number beside the simplest thing that does the same."""
