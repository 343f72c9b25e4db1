"""Two-phase instruction tuning (paper, Section III-B): contrastive warm-up (Eq. 3, 4), balanced sampling (Eq. 5), from recipe to model."""
