{{ staged_scans('select * from ' ~ source('annotations', 'mmgscans_mmgscan')) }}
