"""The command line: one file a command group; opens the console too."""

from console.cli.main import main

__all__ = ["main"]
