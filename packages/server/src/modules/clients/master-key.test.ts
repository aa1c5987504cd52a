import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addKeyToFile, createMasterKeys, loadMasterKeys } from "./master-key.ts";

const clientId = "iot3355e802d44ay95yeev2";
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "dks-data-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe("a sealed secret", () => {
  const keys = createMasterKeys([randomBytes(32)]);

  test("opens to what was sealed, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (secret) => {
        expect(keys.open(keys.seal(secret, clientId), clientId)).toBe(secret);
      }),
    );
  });

  test("never looks the same twice, and does not show what is in it", () => {
    const [one, other] = [keys.seal("the secret", clientId), keys.seal("the secret", clientId)];
    expect(one.sealed.equals(other.sealed)).toBe(false);
    expect(one.sealed.includes("secret")).toBe(false);
    expect(one.keyId).toMatch(/^[0-9a-f]{8}$/);
  });

  test("does not open for another client", () => {
    expect(() => keys.open(keys.seal("the secret", clientId), "iotacc108b7305fhzljeux0")).toThrow();
  });

  test("does not open when a bit of it has changed", () => {
    const { sealed, keyId } = keys.seal("the secret", clientId);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => keys.open({ sealed: changed, keyId }, clientId)).toThrow();
    }
  });

  test("does not open when it is cut short, down to nothing", () => {
    const { sealed, keyId } = keys.seal("the secret", clientId);
    for (let length = 0; length < sealed.length; length++)
      expect(() => keys.open({ sealed: sealed.subarray(0, length), keyId }, clientId)).toThrow();
  });

  test("says which master key is missing", () => {
    const others = createMasterKeys([randomBytes(32)]);
    expect(() => others.open(keys.seal("the secret", clientId), clientId)).toThrow(
      `The secret of client ${clientId} is sealed under master key ${keys.currentId}, which is not at hand.`,
    );
  });
});

describe("master keys from the environment", () => {
  const [older, newer] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];

  test("seal with the first and open with all", async () => {
    const before = await loadMasterKeys(older, dataDir);
    const during = await loadMasterKeys(`${newer}, ${older}`, dataDir);
    const after = await loadMasterKeys(newer, dataDir);
    expect(during.currentId).toBe(after.currentId);
    expect(during.open(before.seal("s", clientId), clientId)).toBe("s");
    expect(after.open(during.seal("s", clientId), clientId)).toBe("s");
    expect(() => after.open(before.seal("s", clientId), clientId)).toThrow("not at hand");
    expect(await readdir(dataDir)).toEqual([]);
  });

  test.each(["", "x", randomBytes(31).toString("base64"), randomBytes(33).toString("base64"), `${older},`])(
    "must be 32 bytes each: not %j",
    async (value) => {
      await expect(loadMasterKeys(value, dataDir)).rejects.toThrow(
        "A master key in DKS_MASTER_KEY must be 32 bytes in Base64",
      );
    },
  );
});

describe("master.key", () => {
  const file = (): string => join(dataDir, "master.key");

  test("is made the first time, for its owner only, and read afterwards", async () => {
    const first = await loadMasterKeys(undefined, join(dataDir));
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const again = await loadMasterKeys(undefined, dataDir);
    expect(again.open(first.seal("s", clientId), clientId)).toBe("s");
    expect(await readdir(dataDir)).toEqual(["master.key"]);
  });

  test("is made together with a data directory that is not there yet", async () => {
    const keys = await loadMasterKeys(undefined, join(dataDir, "a", "b"));
    expect(keys.currentId).toMatch(/^[0-9a-f]{8}$/);
  });

  test("is the same for all who start at once", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadMasterKeys(undefined, dataDir)));
    expect(new Set(all.map(({ currentId }) => currentId)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(["master.key"]);
  });

  test("takes a further key in front, and keeps those it has", async () => {
    const before = await loadMasterKeys(undefined, dataDir);
    await addKeyToFile(dataDir);
    const after = await loadMasterKeys(undefined, dataDir);
    expect(after.currentId).not.toBe(before.currentId);
    expect(after.open(before.seal("s", clientId), clientId)).toBe("s");
    // And the process that started before knows the new one as soon as it meets it.
    expect(before.open(after.seal("s", clientId), clientId)).toBe("s");
    expect((await readFile(file(), "utf8")).trim().split("\n")).toHaveLength(2);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(dataDir)).toEqual(["master.key"]);
  });

  test("that was damaged is named with what to do", async () => {
    await writeFile(file(), "oops\n");
    await expect(loadMasterKeys(undefined, dataDir)).rejects.toThrow(
      `A master key in ${file()} must be 32 bytes in Base64`,
    );
    await writeFile(file(), "");
    await expect(loadMasterKeys(undefined, dataDir)).rejects.toThrow("must be 32 bytes");
  });

  test("that cannot be read is named, and not replaced by one without its keys", async () => {
    // A directory stands in for a file of another user's, since root may read those.
    await mkdir(file());
    await expect(loadMasterKeys(undefined, dataDir)).rejects.toThrow(
      `The master key's file ${file()} cannot be read or written (EISDIR).`,
    );
    await expect(addKeyToFile(dataDir)).rejects.toThrow(`${file()} cannot be read or written (EISDIR)`);
    expect(await readdir(dataDir)).toEqual(["master.key"]);
  });

  test("that cannot be made is named", async () => {
    await writeFile(join(dataDir, "file"), "");
    const inFile = join(dataDir, "file", "data");
    await expect(loadMasterKeys(undefined, inFile)).rejects.toThrow(
      `The master key's file ${join(inFile, "master.key")} cannot be read or written (ENOTDIR).`,
    );
  });
});
