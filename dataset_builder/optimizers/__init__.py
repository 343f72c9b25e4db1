"""The pool of optimizers, one file each: the very text that becomes an answer. ``pool`` knows them all."""
