/** The reason why an answer is not a success. */
export interface Problem {
  /** `failed`: a well-formed answer that says that the call failed. `wrong`: anything else. */
  readonly kind: "failed" | "wrong";
  readonly text: string;
  /** The status of a failed call, such as `RESOURCE_EXHAUSTED` or `429`. */
  readonly status?: string;
}

export function wrong(text: string): Problem {
  return { kind: "wrong", text };
}

export function failed(text: string, status: string): Problem {
  return { kind: "failed", text, status };
}

/** Turns the result of a message check into a problem. */
export function wrongIf(text: string | undefined): Problem | undefined {
  return text === undefined ? undefined : wrong(text);
}
