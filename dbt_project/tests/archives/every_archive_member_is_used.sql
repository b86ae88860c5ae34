-- Members that are in no DICOM are for those who sent the archives to look at.
{{ config(severity='warn') }}

select * from {{ ref('archive_members_unmatched') }}
