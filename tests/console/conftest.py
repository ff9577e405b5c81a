"""Stands here so that pytest finds `console_scene` from the folders below."""
