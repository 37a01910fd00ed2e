"""Pages for people: HTML made on the server, in the reader's language and direction, with no script and nothing loaded.

A service has words (`Book`, a file a language) and templates of its own (`Pages`), and shares the layout, the fields and the style.
"""
