"""What this service can be asked to do, a file a subject, in the order of the story.

learning    what registration tells is kept, and obeyed at once
activities  an organiser opens an activity, changes it, calls it off
changing    what is there becomes otherwise: seen first, then done
booking     rooms, equipment and facilitators are booked
courses     how its sessions repeat, and who completed it
life        it is published, taken back, done
overlapping nobody is at two places at once
quotas      a quota of it gets more seats or fewer
terms       whom it is for and how its seats are shared out becomes otherwise
asking      a party asks to come: what is said to it, before anything is done
naming      what is said of rules has names instead of codes
holding     who fills in a form holds the seats meanwhile
signups     those who come sign up, and cancel
draws       chance decides in which order seats are given
offers      seats that were offered are taken, declined, or not answered
re_offering all of what is called off or moved are offered something else
needing     a party says what it needs besides its seats
transfers   a party moves to another date
attendance  what happens at a session
checking_in a party shows its code
calendars   feeds are made, revoked and read
finding     what can be looked up, and locked
refreshing  everything is told again

Each function runs inside one unit of work, so that what it changes and what it tells leave together. Every decision about
seats is made under the lock of the activity's row, which is taken once and late. Locks are taken in one order, people
before activities and each kind by id, so that two commands never wait for each other in a circle; a batch of facts may
take several turns at it, and then PostgreSQL ends one of the two, which the chassis tries again.

A refusal is raised with every reason at once: `Invalid` when what was asked must change, `Conflict` when the same
request could be right at another time (the activity is called off; a child is not known yet), `NotFound`.
"""
