import { once } from "node:events";
import { type Socket, connect } from "node:net";

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A bare TCP connection to a server, for what no HTTP client would send. */
export interface RawConnection {
  readonly socket: Socket;
  write(data: string | Uint8Array): void;
  /** The next answer that has not been read yet; fails if the connection ends first. */
  answer(): Promise<RawAnswer>;
  /** Waits until the other side has closed; returns what came without being read. */
  closed(): Promise<string>;
}

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = Buffer.alloc(0);
  let ended = false;
  let wake = (): void => {};
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  // A reset is an end like any other here; what is missing then is missed by the test.
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    wake();
  });
  await once(socket, "connect");

  function more(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  return {
    socket,
    write: (data) => void socket.write(data),
    async answer() {
      for (;;) {
        const headEnd = received.indexOf("\r\n\r\n");
        if (headEnd !== -1) {
          const [statusLine = "", ...lines] = received.subarray(0, headEnd).toString("latin1").split("\r\n");
          const headers = Object.fromEntries(
            lines.map((line) => [
              line.slice(0, line.indexOf(":")).toLowerCase(),
              line.slice(line.indexOf(":") + 1).trim(),
            ]),
          );
          const status = Number(statusLine.split(" ")[1]);
          const length = status === 100 ? 0 : Number(headers["content-length"]);
          const end = headEnd + 4 + length;
          if (received.length >= end) {
            const body = received.subarray(headEnd + 4, end).toString("utf8");
            received = received.subarray(end);
            return { status, headers, body };
          }
        }
        if (ended) throw new Error(`the connection ended after ${JSON.stringify(received.toString("utf8"))}`);
        await more();
      }
    },
    async closed() {
      while (!ended) await more();
      return received.toString("utf8");
    },
  };
}
