import { openSession } from "./session.ts";

/** Makes the insertion or the deletion of each row with the contact `poison` fail. */
export async function addPoison(url: string, event: "INSERT" | "DELETE"): Promise<void> {
  const session = await openSession(url);
  const row = event === "INSERT" ? "NEW" : "OLD";
  await session.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'refused' USING ERRCODE = '23514';
      END
    $$;
    CREATE TRIGGER refuse BEFORE ${event} ON contact FOR EACH ROW
      WHEN (${row}.contact_id = 'poison') EXECUTE FUNCTION refuse()`);
}
