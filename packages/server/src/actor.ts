/** Who changes something, as the audit log remembers it. Every function that changes what staff may change takes one. */
export interface Actor {
  readonly kind: "staff" | "cli" | "system";
  /** A staff member's id; at the command line the name of the operating system's user; of the platform itself, what acts. */
  readonly id: string;
  /** As a person would say it. */
  readonly name: string;
  /** The IP address it came from; at the command line the machine's name. */
  readonly address: string | null;
  /** Of the request to the console; null elsewhere. */
  readonly requestId: string | null;
}

/** The platform at work by itself. */
export function systemActor(id: string): Actor {
  return { kind: "system", id, name: id, address: null, requestId: null };
}
