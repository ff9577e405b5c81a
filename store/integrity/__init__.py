"""Open formats that other people's tools verify: canonical JSON, Merkle trees, signed notes, SSH signatures.

One rule for what goes wrong: a function that *reads or makes* something from outside raises `BadInput`; one
that *opens or verifies* evidence raises `IntegrityFailure`. Nothing here touches the database or the clock.
"""
