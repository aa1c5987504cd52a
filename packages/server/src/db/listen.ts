import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type DatabaseAddress, connect } from "./database.ts";

export interface Listener {
  close(): Promise<void>;
}

/**
 * Hears channels of NOTIFY, for as long as it is not closed: a connection that is lost is made again. What stands under a
 * channel's name gets each payload; `onGap` is called whenever messages may have been missed.
 */
export async function listen(
  address: DatabaseAddress,
  channels: Readonly<Record<string, (payload: string) => void>>,
  onGap: () => void,
): Promise<Listener> {
  let closed = false;
  let current: pg.Client;

  async function open(): Promise<void> {
    const client = await connect(address, "dks listen");
    client.on("notification", ({ channel, payload }) => channels[channel]?.(payload ?? ""));
    client.on("end", () => {
      if (!closed) void reopen();
    });
    await client.query(
      Object.keys(channels)
        .map((channel) => `listen ${channel}`)
        .join("; "),
    );
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
