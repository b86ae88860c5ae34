"""What stands before Django: reads whole requests within bounds, gives them to a bounded number of threads, logs.

The server (granian) speaks ASGI with this front, and the front speaks WSGI with Django. Measured on two cores with an
empty view: Django behind granian's own WSGI 13,000 requests/s, but forty clients that send a body slowly hold all of
its threads; Django's ASGI handler 1,600; this front 9,600, and slow clients hold nothing but memory.
"""
