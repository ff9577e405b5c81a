"""One page about one request or deployment: every fact with the entry that says it."""
