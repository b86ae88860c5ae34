"""The results service: a REST API and pages over PostgreSQL, on Django. No other room knows Django.

``start.py`` makes the tables and starts the server, ``front/`` reads requests and hands them to Django, ``web/`` holds
what every endpoint shares, ``listing/`` the lists with their filters; then a folder for each thing that the service
keeps or shows. Views are thin: what happens lives in the ``services.py`` of each folder, and its illegal states in
``errors.py``, one exception for each.
"""
