"""The delivery protocol as a model: any order of steps and faults that Hypothesis can think of, against the real code.

reference.py   what must come of it, simple enough to be believed
faults.py      a fault at any moment of a step: the process ends, the database or the broker goes away, somebody else is quicker
patients.py    messages whose handling fails, once or for good
wire.py        a bus on which messages are late, doubled and held back
process.py     one process of the tiny service;  scene.py  two of them, with their database and their bus
machine.py     the steps, and the comparison at the end
"""
