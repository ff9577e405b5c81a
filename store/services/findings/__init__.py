"""Findings: opened, handed to somebody, talked about, closed."""
