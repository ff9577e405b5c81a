"""A workspace with invented projects and some weeks of history, so that every screen has something true to show."""
