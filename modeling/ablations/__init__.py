"""What each part of the method is worth: small trainings that differ in one field, scored alike (`python -m llamoco.modeling.ablations`)."""
