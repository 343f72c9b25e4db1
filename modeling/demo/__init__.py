"""The page of the metric (metrics/llamoco/app.py): its jobs, the processes that do them, and what is shown."""
