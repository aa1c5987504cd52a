import { type Static, type TObject, type TProperties, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { AppError, type RefusalName } from "../errors.ts";
import { type Language, type Text, text } from "../text.ts";
import { type Parameters, excerpt } from "./body.ts";

/** What every parameter and every member of an answer says of itself, beside its schema. */
export interface Described {
  readonly description: Text;
  /** For a parameter: what its value must be, as the end of a sentence "serial_no must be …". */
  readonly rule?: Text;
}

/**
 * One operation of the signed API, declared once: validation, OpenAPI, the reference and the SDK's types derive from it.
 */
export interface Operation<P extends TProperties = TProperties, D extends TSchema = TSchema> {
  /** As the SDK calls it. */
  readonly name: string;
  readonly path: `/v1/${string}`;
  /** Whether it changes something: then `request_no` is required and a retry is safe. */
  readonly write: boolean;
  readonly summary: Text;
  /** Beyond the common parameters. */
  readonly parameters: TObject<P>;
  readonly data: D;
  /** Beyond those that any operation can end with. */
  readonly refusals: readonly RefusalName[];
}

export function operation<P extends TProperties, D extends TSchema>(declared: Operation<P, D>): Operation<P, D> {
  return declared;
}

/** Who calls: known from a verified signature. */
export interface Caller {
  readonly accountNo: number;
  readonly clientId: string;
}

/** What the HTTP layer needs of an operation: the declaration and what carries it out. */
export interface Route {
  readonly operation: Operation;
  /** Runs on the canonical parameters; throws AppError for a refusal. */
  readonly run: (caller: Caller, parameters: Parameters, languageOf: LanguageOf) => Promise<unknown>;
}

/** Tells the language of the answer. A function, since few operations print sentences and finding it out has its cost. */
export type LanguageOf = () => Language;

/** Binds a declaration to its handler, which gets typed parameters and whose answer must fit the declaration. */
export function route<P extends TProperties, D extends TSchema>(
  declared: Operation<P, D>,
  handle: (caller: Caller, parameters: Static<TObject<P>>, languageOf: LanguageOf) => Promise<Static<D>>,
): Route {
  const decode = compileDecoder(declared.parameters);
  return {
    operation: declared,
    run: (caller, parameters, languageOf) => handle(caller, decode(parameters), languageOf),
  };
}

/** A text parameter. `pattern` is anchored by the caller. One that may be all digits may also be sent as an integer. */
export function textParameter(pattern: string, example: string, description: Text, rule: Text) {
  return Type.String({ pattern, examples: [example], ...described({ description, rule }) });
}

export function described({ description, rule }: Described) {
  return {
    description: description.en,
    "x-description-zh": description.zh,
    ...(rule === undefined ? {} : { "x-rule": rule }),
  };
}

function ruleOf(schema: TSchema): Text {
  const rule = "x-rule" in schema ? schema["x-rule"] : undefined;
  return typeof rule === "object" && rule !== null && "zh" in rule && "en" in rule
    ? text(String(rule.zh), String(rule.en))
    : text("符合要求", "well-formed");
}

/**
 * Makes the function that turns canonical parameters into the declared ones. A digit string stands for an integer
 * everywhere, since both sign alike. The first parameter that is missing or does not fit is named.
 */
function compileDecoder<P extends TProperties>(schema: TObject<P>): (parameters: Parameters) => Static<TObject<P>> {
  const fields = Object.entries<TSchema>(schema.properties).map(([name, field]) => ({
    name,
    required: !Type.IsOptional(field),
    integer: Type.IsInteger(field),
    validator: Compile(field),
    rule: ruleOf(field),
  }));
  return (parameters) => {
    const decoded: Record<string, unknown> = {};
    for (const field of fields) {
      const given = parameters[field.name];
      if (given === undefined) {
        if (field.required) throw missingParameter(field.name);
        continue;
      }
      const value = field.integer && /^-?\d{1,16}$/.test(given) ? Number(given) : given;
      if (!field.validator.Check(value)) throw malformedParameter(field.name, field.rule, given);
      decoded[field.name] = value;
    }
    // Every property has just been checked against its schema, and the required ones are there.
    return decoded as Static<TObject<P>>;
  };
}

function missingParameter(name: string): AppError {
  return new AppError("parameterWrong", {
    hint: "parameter_missing",
    detail: text(`缺少参数 ${name}`, `the parameter ${name} is missing`),
  });
}

function malformedParameter(name: string, rule: Text, given: string): AppError {
  // Chinese writes a space between its characters and a digit.
  const mustBe = /^\d/.test(rule.zh) ? ` ${rule.zh}` : rule.zh;
  return new AppError("parameterWrong", {
    hint: "parameter_malformed",
    detail:
      given === ""
        ? text(`参数 ${name} 为空，应为${mustBe}`, `the parameter ${name} is empty and must be ${rule.en}`)
        : text(
            `参数 ${name} 应为${mustBe}，收到的是 ${excerpt(given)}`,
            `the parameter ${name} must be ${rule.en}, and is ${excerpt(given)}`,
          ),
  });
}
