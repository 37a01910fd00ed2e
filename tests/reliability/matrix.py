"""The fault matrix: each fault's number and name, which promise is proven by which, and what is not played yet."""

PROMISES = (
    (
        "No lost event",
        "What a business transaction told is published if, and only if, it was committed.",
        (1, 2, 3, 4, 6, 8, 9, 11, 29, 39),
    ),
    ("Effectively-once effects", "Messages may come twice; what they do to a database is done once.", (3, 4, 5, 15, 18, 19, 20, 22, 25)),
    ("Order per aggregate", "Also through retry, parking and replay; a failing message holds up its own aggregate alone.", (22, 25, 30)),
    ("Nothing silently dropped", "What cannot be handled is parked with a reason; the books of every queue balance.", (9, 17, 21, 23, 24)),
    ("Poison isolation", "A message that ends its process is parked alone; its neighbours never share its fate.", (16, 17)),
    (
        "Bounded recovery",
        "After a fault has healed all flows within 15 s, and no service is started again.",
        (6, 7, 10, 11, 12, 14, 26, 27, 28, 37, 38, 39),
    ),
    ("Clean drain", "At SIGTERM what is in hand is finished, nothing runs twice, and the process ends within 5 s.", (20,)),
    ("Fenced ownership", "Who was paused and goes on does no harm.", (5, 12, 36)),
    ("Rebuild equality", "A projection made again from the log is the live one, byte for byte.", (42,)),
    ("Bounded pressure", "A full queue, a blocked broker or a slow database make the outbox long, not memory.", (8, 13, 28, 31, 32, 33)),
)
"""What is promised, in a word and in a sentence, and the numbers of the faults that prove it."""

FAULTS = {
    1: "A producer is killed before its commit",
    2: "A producer is killed after its commit, before the relay",
    3: "The relay is killed after publishing, before the confirm",
    4: "The relay is killed after the confirm, before it is noted",
    5: "Two relays; one is paused and goes on",
    6: "The broker's confirms are lost",
    7: "Blackhole, reset, half-open, slow network",
    8: "The broker refuses messages",
    9: "A binding is missing",
    10: "Exchange or queue deleted, or declared otherwise",
    11: "The broker is killed, stopped, restarted",
    12: "The broker hangs",
    13: "Memory or disk alarm",
    14: "The broker is down at the start",
    15: "A consumer is killed around its commit",
    16: "One poison message among innocents",
    17: "A handler raises, hangs, leaks",
    18: "A handler computes for longer than two heartbeats",
    19: "A handler takes longer than the consumer timeout",
    20: "SIGTERM under load, rolling restart",
    21: "Messages that cannot be taken",
    22: "A storm of duplicates",
    23: "Old and new versions side by side",
    24: "Where refused messages stay",
    25: "A thousand parked messages replayed, twice",
    26: "PostgreSQL is stopped, killed, restarted",
    27: "Connections terminated, collisions, deadlocks",
    28: "PostgreSQL hangs; the pool is used up",
    29: "LISTEN lost, NOTIFY missed",
    30: "Commits in another order",
    31: "A transaction stays open",
    32: "The disk is full",
    33: "A long outbox, a long queue",
    36: "Clocks jump",
    37: "Credentials and certificates change",
    38: "No descriptors, threads or memory left",
    39: "A cluster of three loses its leader, or its majority",
    42: "A rebuild under load, killed in the middle",
}

NOT_YET = """Four rows of the matrix are not played yet, because what they would prove comes with later capabilities: 34 (a database that
was restored from an older backup), 35 (a broker that lost all it had), 40 (a person's key that is destroyed while messages are under
way) and 41 (processes that wait for a time limit, and take back what they have done).
"""
