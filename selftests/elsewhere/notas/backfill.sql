UPDATE fiscal."Nota" SET "Vencimento" = emitida + 30, documento = json_build_object(
    'carga', 'notas-9',
    'principal', json_build_object('href', pdf, 'mime', CASE canal WHEN 2 THEN 'image/tiff' ELSE 'application/pdf' END,
                                   'folha', 1))
WHERE pdf <> '';
