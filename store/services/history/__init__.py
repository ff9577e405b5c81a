"""The past: entries by query, any instant's state, the timeline."""
