"""The rules, pure: values in, an event to record or a `Refusal` out. No I/O, no clock, no database."""
