"""Demo page of the metric (metrics/llamoco/app.py): its jobs, their processes, and the result view."""
