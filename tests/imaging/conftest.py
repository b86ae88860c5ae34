"""How the properties of drawing are tried."""

from hypothesis import settings

# A property says what must hold, not how fast the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
