"""What is out of the ordinary: rules over people's acts and the steps of a change, each with its numbers. Pure.

`habits` knows what is usual for a person and a project, `places` which keys a person acts with, `steps` which step
has to come before which, `standing` from whom somebody has the role or key that they say yes with. Each rule sees one
act at a time, with bounded memory of the window that policy names.
"""
