"""The paper's tables and figures from run records, ours beside its own (`llamoco paper`)."""
