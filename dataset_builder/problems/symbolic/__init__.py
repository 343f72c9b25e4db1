"""Problems as expressions: Eq. 2 (composition and hybrid), their synthesis, intervals."""
