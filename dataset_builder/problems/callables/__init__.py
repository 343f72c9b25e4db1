"""Problems given as Python callables and scipy's constraint objects."""
