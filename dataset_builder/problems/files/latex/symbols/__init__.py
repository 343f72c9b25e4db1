"""Symbols of a LaTeX file: decision variables, index ranges and definitions, built when first used."""
