"""The screens, one operator task each, with its style sheet. None knows another; `console.places` lists them all."""
