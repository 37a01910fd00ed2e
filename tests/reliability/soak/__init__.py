"""Faults at random, one after another, under load, for as long as somebody likes.

plan.py       which fault hits whom, and for how long: all of it comes from a seed
world.py      everything that can be hit
processes.py  what happens to processes;  broker.py  to the broker and the network;  database.py  to the databases
messages.py   what others send that is wrong, too much, or comes again
"""
