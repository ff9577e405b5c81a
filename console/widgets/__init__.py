"""Widgets draw frozen rows and post messages. They know no service, no screen and no rule."""
