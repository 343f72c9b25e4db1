"""Calibration of a model's confidence on training problems that no model is trained on."""
