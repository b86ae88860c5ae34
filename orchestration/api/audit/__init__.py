"""Who did or saw what, when: a table to which rows are added and in which nothing is ever changed."""
