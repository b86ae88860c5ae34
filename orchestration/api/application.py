"""What a worker of the server loads: Django, with the front before it."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestration.api.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from orchestration.api.front.front import Front

application = Front(get_wsgi_application(), settings.DOUBLEREAD.doubleread_body_limit)

# A batch of 10,000 elements makes 100,000 objects and no cycle: looking for cycles as often as Python does by itself
# takes a third of the time that the batch takes.
gc.collect()
gc.freeze()
gc.set_threshold(100_000, 20, 20)
