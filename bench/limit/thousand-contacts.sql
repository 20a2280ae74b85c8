\set owner random(10000, 99999)
\set base random(1, 3400000000)
BEGIN;
INSERT INTO contact (app_id, owner_id, contact_id)
  SELECT * FROM unnest(
    array_fill(1, ARRAY[750]),
    array_fill('owner-' || :owner::text, ARRAY[750]),
    ARRAY(
      SELECT 'c' || lpad(to_hex(((:base::bigint + n) * 2654435761) & 4294967295), 8, '0') || 'thousands-k'
      FROM generate_series(1, 750) AS n))
  ON CONFLICT DO NOTHING;
DELETE FROM contact
  USING unnest(
    array_fill(1, ARRAY[250]),
    array_fill('owner-' || :owner::text, ARRAY[250]),
    ARRAY(
      SELECT 'c' || lpad(to_hex(((:base::bigint + n) * 2654435761) & 4294967295), 8, '0') || 'thousands-k'
      FROM generate_series(751, 1000) AS n)) AS pair (app_id, owner_id, contact_id)
  WHERE contact.app_id = pair.app_id
    AND contact.owner_id = pair.owner_id
    AND contact.contact_id = pair.contact_id;
COMMIT;
