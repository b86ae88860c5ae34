"""Kinds of damage, each a function with a name, by the room of what it damages."""
