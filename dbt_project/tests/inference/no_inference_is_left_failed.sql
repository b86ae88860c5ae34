-- What failed is for whoever started the run to look at.
{{ config(severity='warn') }}

select * from {{ ref('failed_inferences') }}
where not is_mended
