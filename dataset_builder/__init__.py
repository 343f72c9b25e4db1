"""Problems, optimizers, benchmark, descriptions: what the instruction set is made of."""
