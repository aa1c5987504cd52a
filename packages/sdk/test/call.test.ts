import { describe, expect, test } from "vitest";
import { DakashiConnectionError, type ClientOptions } from "../src/index.ts";
import { card, clientOf, failureOf, writingClientOf } from "./clients.ts";
import { type Behaviour, type Peer, answer, cardData, hangUp, keepTime, page, refuse, startPeer } from "./peer.ts";

describe("a retry", () => {
  test.each<[string, Behaviour]>([
    ["a closed connection", hangUp],
    ["55050 under HTTP 503", refuse(55050, "database not available", {}, 503)],
    ["55050 behind a proxy that hides the status", refuse(55050, "database not available")],
    ["HTTP 429", refuse(55012, "too often", {}, 429, { "Retry-After": "1" })],
    ["a proxy's 502", page(502, "<html>Bad gateway</html>")],
    ["a proxy's 503", page(503, "<html>Unavailable</html>")],
    ["a proxy's 504", page(504, "<html>Gateway time-out</html>")],
  ])("follows %s", async (_case, behaviour) => {
    const peer = await startPeer(behaviour);
    await expect(clientOf(peer).memberInfo(card)).resolves.toEqual(cardData);
    expect(peer.received).toHaveLength(2);
  });

  test("happens twice by default, then the last failure is thrown", async () => {
    const peer = await startPeer(hangUp, hangUp, refuse(55050, "the third", {}, 503), answer(cardData));
    await expect(clientOf(peer).memberInfo(card)).rejects.toMatchObject({ message: "the third" });
    expect(peer.received).toHaveLength(3);
  });

  test.each<[string, Behaviour]>([
    ["a closed connection", hangUp],
    ["HTTP 503", refuse(55050, "database not available", {}, 503)],
    ["HTTP 429", refuse(55012, "too often", {}, 429, { "Retry-After": "0" })],
  ])("does not follow %s when retriesMax is 0", async (_case, behaviour) => {
    const peer = await startPeer(behaviour);
    await failureOf(clientOf(peer, { retriesMax: 0 }).memberInfo(card));
    expect(peer.received).toHaveLength(1);
  });

  test("waits half a second, doubling to at most eight, less a random part of up to a half", async () => {
    for (const [random, expected] of [
      [0, [250, 500, 1000, 2000, 4000, 4000]],
      [0.5, [375, 750, 1500, 3000, 6000, 6000]],
    ] as const) {
      const waits = await waitsOf(
        { retriesMax: 6, random: () => random },
        Array.from({ length: 6 }, () => hangUp),
      );
      expect(waits).toEqual(expected);
    }
  });

  test("waits as long as Retry-After asks, and a random part more", async () => {
    const busy = refuse(55012, "too often", {}, 429, { "Retry-After": "7" });
    expect(await waitsOf({ random: () => 0.5 }, [busy, busy])).toEqual([7250, 7500]);
  });

  test("waits as long as a proxy's page asks, too", async () => {
    const busy = page(503, "<html>Unavailable</html>", { "Retry-After": "3" });
    expect(await waitsOf({ random: () => 0 }, [busy])).toEqual([3000]);
  });

  test("backs off on its own where Retry-After is not in seconds", async () => {
    const busy = refuse(55012, "too often", {}, 429, {
      "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT",
    });
    expect(await waitsOf({ random: () => 0 }, [busy])).toEqual([250]);
  });

  test("does not follow a Retry-After of more than 30 seconds, which the error tells", async () => {
    const peer = await startPeer(refuse(55012, "too often", {}, 429, { "Retry-After": "31" }));
    await expect(clientOf(peer).memberInfo(card)).rejects.toMatchObject({
      errcode: 55012,
      status: 429,
      retryAfterSeconds: 31,
    });
    expect(peer.received).toHaveLength(1);
  });

  test("is signed anew, with the time at which it is sent", async () => {
    const peer = await startPeer(hangUp, hangUp);
    let nowMs = 1_487_560_009_000;
    const delay = async (ms: number) => void (nowMs += ms);
    await clientOf(peer, { now: () => nowMs, random: () => 1, delay }).memberInfo(card);
    const timestamps = peer.received.map(({ parameters }) => parameters["timestamp"]);
    expect(timestamps).toEqual([1_487_560_009, 1_487_560_009, 1_487_560_010]);
  });

  async function waitsOf(options: Partial<ClientOptions>, behaviours: Behaviour[]): Promise<number[]> {
    const peer = await startPeer(...behaviours);
    const waits: number[] = [];
    const delay = async (ms: number) => void waits.push(ms);
    await clientOf(peer, { ...options, delay }).memberInfo(card);
    return waits;
  }
});

describe("a write", () => {
  const order = { product_no: "110100_1024" };
  const ordered = answer({ order_no: "1" });

  test("carries a request_no of its own, which the response tells", async () => {
    const peer = await startPeer(ordered, ordered);
    const client = writingClientOf(peer);
    const first = await client.recharge.withResponse(order);
    await client.recharge(order);
    const [a, b] = requestNosOf(peer);
    expect(a).toMatch(/^[0-9a-f]{32}$/);
    expect(b).toMatch(/^[0-9a-f]{32}$/);
    expect(a).not.toBe(b);
    expect(first).toEqual({ data: { order_no: "1" }, requestId: "req-1", requestNo: a });
  });

  test("keeps the request_no it was given", async () => {
    const peer = await startPeer(ordered);
    await writingClientOf(peer).recharge({ ...order, request_no: "mine-1" });
    expect(requestNosOf(peer)).toEqual(["mine-1"]);
  });

  test("is repeated with the same request_no", async () => {
    const peer = await startPeer(hangUp, refuse(55050, "database not available", {}, 503), ordered);
    await writingClientOf(peer).recharge(order);
    const numbers = requestNosOf(peer);
    expect(numbers).toHaveLength(3);
    expect(new Set(numbers).size).toBe(1);
  });

  test("whose outcome is unknown tells its request_no, to be repeated with", async () => {
    const peer = await startPeer(hangUp);
    const error = await failureOf(writingClientOf(peer, { retriesMax: 0 }).recharge(order));
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(error).toMatchObject({ requestNo: requestNosOf(peer)[0] });
  });

  test("that is refused tells its request_no too", async () => {
    const peer = await startPeer(refuse(55036, "balance too low"));
    const error = await failureOf(writingClientOf(peer).recharge({ ...order, request_no: "mine-2" }));
    expect(error).toMatchObject({ errcode: 55036, requestNo: "mine-2" });
  });

  function requestNosOf(peer: Peer): unknown[] {
    return peer.received.map(({ parameters }) => parameters["request_no"]);
  }
});

describe("a clock that is wrong", () => {
  const platformSeconds = 1_487_560_009;
  const keepingTime = () => Array.from({ length: 10 }, () => keepTime(() => platformSeconds));

  test.each([
    ["an hour behind", -3600],
    ["a day ahead", 86_400],
    ["in 1970", -platformSeconds],
  ])("%s costs one further call, once", async (_case, skewSeconds) => {
    const peer = await startPeer(...keepingTime());
    const client = clientOf(peer, {
      now: () => (platformSeconds + skewSeconds) * 1000,
      retriesMax: 0,
    });
    await expect(client.memberInfo(card)).resolves.toEqual(cardData);
    expect(peer.received).toHaveLength(2);
    await client.memberInfo(card);
    await client.memberInfo(card);
    expect(peer.received).toHaveLength(4);
    expect(peer.received.slice(1).map(({ parameters }) => parameters["timestamp"])).toEqual([
      platformSeconds,
      platformSeconds,
      platformSeconds,
    ]);
  });

  test("that is set right later is corrected back", async () => {
    const peer = await startPeer(...keepingTime());
    let nowMs = (platformSeconds - 3600) * 1000;
    const client = clientOf(peer, { now: () => nowMs });
    await client.memberInfo(card);
    nowMs = platformSeconds * 1000;
    await expect(client.memberInfo(card)).resolves.toEqual(cardData);
    expect(peer.received).toHaveLength(4);
  });

  test("within the window costs nothing", async () => {
    const peer = await startPeer(...keepingTime());
    await clientOf(peer, { now: () => (platformSeconds - 300) * 1000 }).memberInfo(card);
    expect(peer.received).toHaveLength(1);
  });

  test("is corrected once a call, even if the platform refuses its own time for ever", async () => {
    const confused = refuse(55006, "timestamp outside the window", { server_time: 1 });
    const peer = await startPeer(...Array.from({ length: 10 }, () => confused));
    await expect(clientOf(peer).memberInfo(card)).rejects.toMatchObject({
      errcode: 55006,
      serverTime: 1,
    });
    expect(peer.received).toHaveLength(2);
  });

  test.each([
    ["does not tell its time", {}],
    ["tells it as text", { server_time: "1487560009" }],
  ])("is not corrected where the platform %s", async (_case, fields) => {
    const peer = await startPeer(refuse(55006, "timestamp outside the window", fields));
    await expect(clientOf(peer).memberInfo(card)).rejects.toMatchObject({
      errcode: 55006,
      serverTime: undefined,
    });
    expect(peer.received).toHaveLength(1);
  });

  test("is corrected for a write under the same request_no", async () => {
    const peer = await startPeer(...keepingTime());
    await writingClientOf(peer, { now: () => 0 }).recharge({ product_no: "110100_1024" });
    const numbers = peer.received.map(({ parameters }) => parameters["request_no"]);
    expect(numbers).toHaveLength(2);
    expect(numbers[0]).toBe(numbers[1]);
  });
});
