"""Tokenizer, configuration, contrastive loss, sampler and trainer of models; generation; solving."""
