"""The inventory of connectors: what there is, and the reviews of it."""
