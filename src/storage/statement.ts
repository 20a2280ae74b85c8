/** A statement that is prepared once on each connection, under its name. */
export interface Statement<Value = unknown> {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}
