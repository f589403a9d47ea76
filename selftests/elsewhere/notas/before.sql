CREATE ROLE contador LOGIN;
CREATE ROLE auditor LOGIN;
CREATE SCHEMA fiscal AUTHORIZATION contador;
SET ROLE contador;
CREATE TABLE fiscal."Nota" (
    numero  bigint PRIMARY KEY,
    pdf     varchar(200),
    canal   smallint NOT NULL DEFAULT 1,
    emitida date NOT NULL
);
CREATE TABLE fiscal.parcela (valor numeric(12, 2) NOT NULL);
INSERT INTO fiscal."Nota"
SELECT 9007199254740000 + n, CASE WHEN n % 5 > 0 THEN 'notas/2025/' || n || CASE n % 3 WHEN 0 THEN '.PDF' ELSE '' END END,
       1 + n % 2, date '2025-01-01' + n % 300
FROM generate_series(1, 600) AS n;
GRANT USAGE ON SCHEMA fiscal TO auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA fiscal TO auditor;
