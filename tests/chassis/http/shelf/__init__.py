"""A tiny service for the tests of the HTTP door: a shelf of picture books, and the readers who borrow them."""
