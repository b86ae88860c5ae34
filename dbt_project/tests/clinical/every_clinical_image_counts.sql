-- Blobs that name a case in part, or a view that another blob stands for, are for the hospital to look at.
{{ config(severity='warn') }}

select * from {{ ref('unmatched_clinical_images') }}
