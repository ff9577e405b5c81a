"""quarterdeck's face: the command line and the screens. Shows what the store knows, calls what it can do."""
