import type { Language } from "../../shared/language.tsx";
import { anchorLink, escapeHtml } from "./anchors.ts";

/** The parts of JSON Schema that docs/openapi.json uses. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly description?: string;
  readonly "x-description-zh"?: string;
}

/** A parameter, a member of an answer, or the line before members that come together only. */
export type Field =
  | {
      readonly kind: "field";
      readonly id: string;
      readonly name: string;
      readonly depth: number;
      readonly type: string;
      /** Of parameters only. */
      readonly required?: boolean;
      readonly description: string;
      readonly rules: readonly string[];
    }
  | { readonly kind: "variant"; readonly depth: number; readonly text: string };

/** An operation's own parameters first, then those of every call. */
export function parameterFields(request: Schema, language: Language): Field[] {
  const common = new Set(["client_id", "timestamp", "sign"]);
  const own = Object.entries(request.properties ?? {}).sort(
    ([a], [b]) => Number(common.has(a)) - Number(common.has(b)),
  );
  return own.map(([name, schema]) => ({
    ...field(schema, name, name, 0, language),
    required: request.required?.includes(name) === true,
  }));
}

export function answerFields(data: Schema, language: Language): Field[] {
  return membersOf(data, "data", 0, language);
}

function field(schema: Schema, id: string, name: string, depth: number, language: Language): Field & { kind: "field" } {
  return {
    kind: "field",
    id,
    name,
    depth,
    type: typeName(schema, language),
    description: (language === "zh" ? schema["x-description-zh"] : schema.description) ?? "",
    rules: rulesOf(schema, language),
  };
}

function membersOf(schema: Schema, prefix: string, depth: number, language: Language): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const id = `${prefix}.${name}`;
    const items = member.items ?? {};
    const variants = items.anyOf ?? [];
    return [
      field(member, id, name, depth, language),
      ...membersOf(items, id, depth + 1, language),
      ...variants.flatMap((variant, index): Field[] => [
        { kind: "variant", depth: depth + 1, text: variantText(variant, language) },
        ...membersOf(variant, index === 0 ? id : `${id}.${index + 1}`, depth + 1, language),
      ]),
    ];
  });
}

/** "errcode is 55005 or 55030": by what the variants of a row differ. */
function variantText({ properties = {} }: Schema, language: Language): string {
  const [name, schema] = Object.entries(properties).find(([, member]) => constantsOf(member).length > 0) ?? [];
  const values = constantsOf(schema ?? {}).map(String);
  return language === "zh" ? `${name} 为 ${values.join(" 或 ")} 时：` : `Where ${name} is ${values.join(" or ")}:`;
}

function constantsOf(schema: Schema): unknown[] {
  if (schema.const !== undefined) return [schema.const];
  return (schema.anyOf ?? []).flatMap((each) => (each.const === undefined ? [] : [each.const]));
}

const typeNames: Record<string, Record<Language, string>> = {
  string: { zh: "字符串", en: "string" },
  integer: { zh: "整数", en: "integer" },
  boolean: { zh: "布尔值", en: "boolean" },
  null: { zh: "null", en: "null" },
  array: { zh: "对象数组", en: "array of objects" },
};

function typeName(schema: Schema, language: Language): string {
  const constants = constantsOf(schema);
  if (constants.length > 0) return typeNames[typeof constants[0] === "number" ? "integer" : "string"]?.[language] ?? "";
  if (schema.anyOf !== undefined)
    return schema.anyOf.map((each) => typeName(each, language)).join(language === "zh" ? " 或 " : " or ");
  return typeNames[schema.type ?? ""]?.[language] ?? "";
}

function rulesOf(schema: Schema, language: Language): string[] {
  const rules: string[] = [];
  const code = (value: unknown): string =>
    `<code>${escapeHtml(typeof value === "string" ? value : JSON.stringify(value))}</code>`;
  if (schema.pattern !== undefined && schema.pattern !== ".")
    rules.push(`${language === "zh" ? "格式" : "pattern"} ${code(schema.pattern)}`);
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    rules.push(language === "zh" ? `${schema.minimum} 到 ${schema.maximum}` : `${schema.minimum} to ${schema.maximum}`);
  if (schema.default !== undefined) rules.push(`${language === "zh" ? "默认" : "default"} ${code(schema.default)}`);
  const [example] = schema.examples ?? [];
  if (example !== undefined && example !== null && example !== "")
    rules.push(`${language === "zh" ? "例如" : "such as"} ${code(example)}`);
  return rules;
}

/** The example that a schema stands for; of an array one item of each kind. */
export function exampleOf(schema: Schema): unknown {
  const [example] = schema.examples ?? [];
  if (example !== undefined) return example;
  if (schema.const !== undefined) return schema.const;
  if (schema.items !== undefined) return (schema.items.anyOf ?? [schema.items]).map(exampleOf);
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, exampleOf(member)]));
  return null;
}

export function fieldsHtml(fields: readonly Field[], language: Language): string {
  return `<dl class="fields">${fields.map((each) => fieldHtml(each, language)).join("")}</dl>`;
}

function fieldHtml(field: Field, language: Language): string {
  const nested = field.depth > 0 ? " nested" : "";
  if (field.kind === "variant")
    return `<div class="variant${nested}"><dt>${escapeHtml(field.text)}</dt><dd></dd></div>`;
  const required =
    field.required === undefined
      ? ""
      : field.required
        ? `<span class="badge accent">${language === "zh" ? "必填" : "required"}</span>`
        : `<span class="badge">${language === "zh" ? "可选" : "optional"}</span>`;
  const rules = field.rules.length === 0 ? "" : `<small>${field.rules.join(" · ")}</small>`;
  return (
    `<div id="${escapeHtml(field.id)}" class="field${nested}"><dt><code>${escapeHtml(field.name)}</code>` +
    `<span class="type">${field.type}</span>${required}${anchorLink(field.id)}</dt>` +
    `<dd>${escapeHtml(field.description)}${rules}</dd></div>`
  );
}
