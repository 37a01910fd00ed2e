"""Erasing somebody: from every table of a service, from what waits in it, and from what still comes.

stand_in.py     what is read in place of an erased id, and never leads back to it
holdings.py     what each table holds of people, as data: nothing is erased that is not declared, and a test finds what is not
erasing.py      erasing the ids of a person from one service's database
forgetting.py   reading messages: an erased id is never read again
carrying_out.py what a service does that is told of an erasure
"""
