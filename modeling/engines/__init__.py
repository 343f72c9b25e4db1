"""Engines that run a model: CTranslate2, which needs no torch, and torch with transformers, which runs any model and trains."""
