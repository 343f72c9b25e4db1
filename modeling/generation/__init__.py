"""Generation: loading models, the engines (CTranslate2, torch), and decoding held to the pool."""
