"""Problems: symbolic form, evaluation, synthesis, problem files, scores of a run."""
