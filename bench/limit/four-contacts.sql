\set owner random(10000, 99999)
\set first random(1000000000, 9999999999)
\set second random(1000000000, 9999999999)
\set third random(1000000000, 9999999999)
\set fourth random(1000000000, 9999999999)
BEGIN;
INSERT INTO contact (app_id, owner_id, contact_id) VALUES
  (1, 'owner-' || :owner::text, 'c' || :first::text || 'benchmark'),
  (1, 'owner-' || :owner::text, 'c' || :second::text || 'benchmark'),
  (1, 'owner-' || :owner::text, 'c' || :third::text || 'benchmark')
  ON CONFLICT DO NOTHING;
DELETE FROM contact
  WHERE app_id = 1
    AND owner_id = 'owner-' || :owner::text
    AND contact_id = 'c' || :fourth::text || 'benchmark';
COMMIT;
