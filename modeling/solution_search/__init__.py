"""Solution-to-solution optimizers: a language model is asked for points, again and again; our oracle evaluates them."""
