"""From a problem to descriptions, prompts, completions and programs."""
