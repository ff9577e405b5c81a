"""Breaking glass, and what is owed for it."""
