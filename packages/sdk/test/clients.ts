import { inspect } from "node:util";
import { expect } from "vitest";
import { buildClient } from "../src/client.ts";
import { type ClientOptions, createClient, type DakashiClient } from "../src/index.ts";
import { clientId, clientSecret } from "./peer.ts";

/** Parameters of a call about a card. */
export const card = { serial_no: "87000001" };

/** Does not wait for retries, and spreads them by a known amount. */
const withoutWaiting = { delay: async () => {}, random: () => 0.5 };

/** A client of the given platform, with the tests' credentials. */
export function clientOf(peer: { url: string }, options: Partial<ClientOptions> = {}): DakashiClient {
  return createClient({ baseUrl: peer.url, clientId, clientSecret, ...withoutWaiting, ...options });
}

/** A client of one write, standing for all: it orders a package. */
export function writingClientOf(peer: { url: string }, options: Partial<ClientOptions> = {}) {
  const operations = { recharge: { path: "/v1/recharge", write: true } } as const;
  interface Types {
    recharge: {
      parameters: { request_no: string; product_no: string };
      data: { order_no: string };
    };
  }
  return buildClient<typeof operations, Types>(operations, {
    baseUrl: peer.url,
    clientId,
    clientSecret,
    ...withoutWaiting,
    ...options,
  });
}

/** What the promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved to ${inspect(value)}`),
    (error: unknown) => error,
  );
}
