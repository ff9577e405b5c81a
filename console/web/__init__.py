"""The console in a browser: the same program behind a door that only one person on this machine can open."""
