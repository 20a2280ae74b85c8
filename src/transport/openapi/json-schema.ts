/** A value of the document, which is JSON. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

export type JsonSchema = { readonly [keyword: string]: Json | undefined };

/** A reference to an entry of `components`. */
export function refTo(kind: string, name: string): { readonly $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

/** The schemas of the document, by their name. */
export type SchemaMap = Map<string, JsonSchema>;
