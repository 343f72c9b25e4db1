"""Commands of `llamoco study`: what the tables of labels, models and cards rest on."""
