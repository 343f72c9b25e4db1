"""Running a program that a model wrote: confined, with the objective, the count and the clock on our side.

Start reading at ``slot.Sandbox``. Nothing is imported here: the confined side must not load the problems.
"""
