import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type DatabaseAddress, connect } from "./database.ts";

export interface Listener {
  close(): Promise<void>;
}

/**
 * Hears a channel of NOTIFY, for as long as it is not closed: a connection that is lost is made again. `onMessage` gets
 * each payload; `onGap` is called whenever messages may have been missed.
 */
export async function listen(
  address: DatabaseAddress,
  channel: string,
  onMessage: (payload: string) => void,
  onGap: () => void,
): Promise<Listener> {
  let closed = false;
  let current: pg.Client;

  async function open(): Promise<void> {
    const client = await connect(address, "dks listen");
    client.on("notification", (message) => onMessage(message.payload ?? ""));
    client.on("error", () => {});
    client.on("end", () => {
      if (!closed) void reopen();
    });
    await client.query(`listen ${channel}`);
    current = client;
    if (closed) await client.end();
  }

  async function reopen(): Promise<void> {
    onGap();
    while (!closed) {
      try {
        await open();
        return onGap();
      } catch {
        await delay(200);
      }
    }
  }

  await open();
  return {
    async close() {
      closed = true;
      await current.end();
    },
  };
}
