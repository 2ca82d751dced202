"""A trained model composes: picking a token, and the loops that do it again and again."""
