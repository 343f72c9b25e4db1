"""Ablations of the method: small trainings that differ in one field, scored alike (`llamoco study ablations`)."""
