"""Running the pool Lambda on the problems P: races, run store, labels and the report on them."""
