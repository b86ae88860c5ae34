"""The database itself refuses to change or remove an entry of the audit."""

from django.db import migrations

KEEP = """
create function audit_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'entries of the audit are never changed or removed' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_is_kept before update or delete on audit
for each row execute function audit_is_kept();

create trigger audit_is_not_emptied before truncate on audit
for each statement execute function audit_is_kept();
"""
LET_GO = """
drop trigger audit_is_not_emptied on audit;
drop trigger audit_is_kept on audit;
drop function audit_is_kept();
"""


class Migration(migrations.Migration):
    """Adds the triggers."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, LET_GO)]
