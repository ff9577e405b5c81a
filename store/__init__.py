"""quarterdeck's engine: the ledger, its rules and the outside world. Knows no terminal."""
