/**
 * Gathers look-ups that are asked for at the same time into one statement.
 *
 * A batch is sent on the next tick, or when the one before it returns, never on a timer: a lone look-up waits for
 * nothing, and under load batches grow to whatever arrives during one round trip. Nothing is remembered between
 * batches, so every answer is as fresh as a query of its own, and two look-ups of one key in a batch share it.
 */
export function gather<Key, Value>(
  fetch: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
  options: {
    /** Keys in one statement at most. */
    readonly batchMax: number;
    /** Statements under way at once. */
    readonly inFlightMax: number;
    readonly onBatch?: (size: number) => void;
  },
): (key: Key) => Promise<Value | undefined> {
  let waiting = new Map<Key, Waiter<Value>>();
  let inFlight = 0;
  let scheduled = false;

  function send(): void {
    scheduled = false;
    while (inFlight < options.inFlightMax && waiting.size > 0) {
      const batch = takeBatch();
      inFlight++;
      options.onBatch?.(batch.size);
      // async, so that a fetch which throws at once fails for its waiters like one that rejects.
      void (async () => fetch([...batch.keys()]))().then(
        (found) => {
          for (const [key, waiter] of batch) waiter.resolve(found.get(key));
          next();
        },
        (error: unknown) => {
          for (const waiter of batch.values()) waiter.reject(error);
          next();
        },
      );
    }
  }

  function takeBatch(): Map<Key, Waiter<Value>> {
    if (waiting.size <= options.batchMax) {
      const all = waiting;
      waiting = new Map();
      return all;
    }
    const batch = new Map<Key, Waiter<Value>>();
    for (const [key, waiter] of waiting) {
      if (batch.size === options.batchMax) break;
      batch.set(key, waiter);
      waiting.delete(key);
    }
    return batch;
  }

  function next(): void {
    inFlight--;
    send();
  }

  return (key) => {
    let waiter = waiting.get(key);
    if (waiter === undefined) {
      waiter = Promise.withResolvers<Value | undefined>();
      waiting.set(key, waiter);
      if (!scheduled && inFlight < options.inFlightMax) {
        scheduled = true;
        // After the events that are already due, so that requests which arrived together go together.
        setImmediate(send);
      }
    }
    return waiter.promise;
  };
}

type Waiter<Value> = PromiseWithResolvers<Value | undefined>;
