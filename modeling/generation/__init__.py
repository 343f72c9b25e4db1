"""Answers of a model: its engines (CTranslate2, torch), and decoding held to the pool."""
