"""Ways out of the machine, each with an end: HTTP with a deadline, programs with a limit, secrets kept by others."""
