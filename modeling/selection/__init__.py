"""Algorithm selection beside the model: selectors trained on the labels, and their runs on the test problems."""
