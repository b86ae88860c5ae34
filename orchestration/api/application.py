"""What a worker of the server loads: Django, with the front before it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestration.api.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from orchestration.api.front.front import Front

application = Front(get_wsgi_application(), settings.DOUBLEREAD.doubleread_body_limit)
