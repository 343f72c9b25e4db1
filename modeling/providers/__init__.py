"""Where answers come from: a model here, a server, or a file of ready programs."""
