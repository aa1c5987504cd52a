/** What a staff member may do, each role all that the ones after it may. */
export const roles = ["admin", "operator", "viewer"] as const;

export type Role = (typeof roles)[number];

const ranks: Readonly<Record<Role, number>> = { admin: 2, operator: 1, viewer: 0 };

/** Whether someone of a role may do what asks for at least another. */
export function mayActAs(role: Role, least: Role): boolean {
  return ranks[role] >= ranks[least];
}

/** What an e-mail address may look like here. Only ASCII: two that look alike must not be two staff members. */
export const emailPattern =
  /^(?=.{3,254}$)[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9_+-])?@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/;

/** An e-mail address as it is stored and looked up. */
export function normalEmail(given: string): string {
  return given.trim().toLowerCase();
}

export const nameLengthMax = 100;
