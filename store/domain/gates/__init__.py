"""The gates: each one small function from what it looks at to a verdict. Pure; a family a file.

What they look at is gathered by `store.services.requests.looking`; `GATES` in `store.services.requests.gates` puts
the two together.
"""
