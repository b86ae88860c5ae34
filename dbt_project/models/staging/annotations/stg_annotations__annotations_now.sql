{{ staged_annotations('select * from ' ~ source('annotations', 'mmgscans_mmgscanannotation')) }}
