"""Both papers, place by place: what is printed, what the program says, and the command that shows it.

A row of `nator_*` or `hu` is data: its place, the quantities as they are printed, the commands that show
ours, and how ours is read off what they print. `reproduce` asks, compares and judges.
"""
