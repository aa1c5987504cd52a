import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

/** A TCP connection to somewhere, through a place on loopback where it can be cut. */
export interface TcpProxy {
  /** The address that is reached through it, in the form of the one behind it. */
  readonly connectionString: string;
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Lets every connection stand and nothing through, as when the machine behind it is gone without a word. */
  stall(): void;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startTcpProxy(connectionString: string): Promise<TcpProxy> {
  const target = new URL(connectionString);
  const sockets = new Set<Socket>();
  let server = createServer();
  let port = 0;
  let stalled = false;

  function accept(inner: Socket): void {
    const outer = connect(Number(target.port || "5432"), target.hostname);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      if (!stalled) from.pipe(to);
      from.on("error", () => {});
      from.once("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }

  function stall(): void {
    stalled = true;
    for (const socket of sockets) socket.unpipe().pause();
  }

  async function restore(): Promise<void> {
    stalled = false;
    server = createServer(accept);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address === "object" && address !== null) port = address.port;
  }

  async function cut(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await restore();
  const through = new URL(connectionString);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return { connectionString: through.href, cut, stall, restore, close: cut };
}
