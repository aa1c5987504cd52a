import { type TObject, type TSchema, Type } from "typebox";
import type { Operation } from "./operation.ts";

/** The source of the SDK's `operations.ts`: the types of every operation and what the client must know to call it. */
export function sdkOperationsSource(operations: readonly Operation[]): string {
  return `${[
    "// Generated from the server's operation declarations by `npm run generate`. Do not edit.",
    ...operations.flatMap((operation) => [
      interfaceSource(
        `${pascal(operation.name)}Parameters`,
        `Parameters of \`${operation.name}\`.`,
        operation.parameters,
        true,
      ),
      interfaceSource(`${pascal(operation.name)}Data`, `Answer of \`${operation.name}\`.`, operation.data, false),
    ]),
    [
      "export const operations = {",
      ...operations.flatMap((operation) => [
        `  /** ${operation.summary.en}. */`,
        `  ${operation.name}: { path: "${operation.path}", write: ${operation.write} },`,
      ]),
      "} as const;",
    ].join("\n"),
    [
      "export interface OperationTypes {",
      ...operations.map(
        ({ name }) => `  ${name}: { parameters: ${pascal(name)}Parameters; data: ${pascal(name)}Data };`,
      ),
      "}",
    ].join("\n"),
  ].join("\n\n")}\n`;
}

function pascal(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function interfaceSource(name: string, description: string, schema: TSchema, sent: boolean): string {
  if (!Type.IsObject(schema)) throw new Error(`${name}: only objects are declared so far`);
  return [`/** ${description} */`, `export interface ${name} {`, ...memberSources(schema, sent), "}"].join("\n");
}

/** The client leaves out what is undefined, so that an optional parameter may also be given as that. */
function memberSources(schema: TObject, sent: boolean): string[] {
  return Object.entries<TSchema>(schema.properties).flatMap(([property, value]) => [
    `  /** ${"description" in value ? String(value.description) : ""}. */`,
    `  ${property}${Type.IsOptional(value) ? "?" : ""}: ${typeSource(value, sent)}${sent && Type.IsOptional(value) ? " | undefined" : ""};`,
  ]);
}

/** `sent`: in a call, where a number that may be all digits may be given as a string and the other way round. */
function typeSource(schema: TSchema, sent: boolean): string {
  if (Type.IsUnion(schema)) return schema.anyOf.map((member) => typeSource(member, sent)).join(" | ");
  if (Type.IsArray(schema)) return `(${typeSource(schema.items, sent)})[]`;
  if (Type.IsObject(schema)) return ["{", ...memberSources(schema, sent), "}"].join("\n");
  if (Type.IsLiteral(schema)) return JSON.stringify(schema.const);
  if (Type.IsNull(schema)) return "null";
  if (Type.IsInteger(schema)) return sent ? "number | string" : "number";
  if (Type.IsString(schema)) return sent && acceptsDigits(schema) ? "string | number" : "string";
  if (Type.IsBoolean(schema)) return "boolean";
  throw new Error(`no type for ${JSON.stringify(schema)}`);
}

/** Of a card's number, or of a code. */
function acceptsDigits(schema: TSchema): boolean {
  if (!("pattern" in schema)) return false;
  const pattern = new RegExp(String(schema.pattern));
  return pattern.test("87000001") || pattern.test("1");
}
