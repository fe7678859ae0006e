"""Writes a network as code or as a model file of another framework, from the author's own tree."""
