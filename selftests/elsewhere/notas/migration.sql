SET ROLE contador;
ALTER TABLE fiscal."Nota" ADD COLUMN "Vencimento" date, ADD COLUMN documento json;
ALTER TABLE fiscal.parcela ADD COLUMN nota bigint NOT NULL REFERENCES fiscal."Nota" (numero) ON DELETE RESTRICT;
CREATE INDEX "NotaPorVencimento" ON fiscal."Nota" ("Vencimento") WHERE "Vencimento" IS NOT NULL;
