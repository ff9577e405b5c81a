"""What a person or a timer can do: read, decide, append. One file a noun, plain functions over a `Context`."""
