"""From a dropped file to guarded bytes: watching, settling, reading, putting aside. Nothing here parses."""
