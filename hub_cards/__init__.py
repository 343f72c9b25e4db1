"""Cards of data set, model and metric, and the run records that fill them."""
