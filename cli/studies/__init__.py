"""Studies: one module each, with a function `command`; `llamoco study` finds them by their file names."""
