"""Value → words, symbols, colour names and safe text. Pure functions; nothing here knows a widget."""
