"""Why a picture is there, and why another is not: from a question to what the raw tables, marts and records say.

In the order of the flow: ``asking`` finds what a question is about, ``study`` reads the raw rows of its study as they
are now, ``rule`` says what follows from them, ``records`` and ``made`` what builds kept, ``explaining`` puts an
:class:`answers.Answer` together with what ``noting`` finds not to fit, and ``telling`` lays it out for a person, as
text or as Markdown. Nothing is written, and what takes long to import (stores, drawing, Dagster, dbt) is left alone, so
that an answer takes less than a second.
"""
