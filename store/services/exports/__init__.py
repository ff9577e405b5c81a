"""From dropped files to entries, and the loop that keeps looking."""
