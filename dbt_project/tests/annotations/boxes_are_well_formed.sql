{{ config(severity='warn') }}

-- What could not be read is in no picture: correct it at the source, or draw it again.
select * from {{ ref('malformed_boxes') }}
