import openapi from "../../../../../docs/openapi.json" with { type: "json" };

interface Sentence {
  readonly zh: string;
  readonly en: string;
}

/** A parameter of an operation, beside those that every call has. */
export interface OperationParameter {
  readonly name: string;
  readonly description: Sentence;
  readonly required: boolean;
  readonly isInteger: boolean;
  readonly example: string;
  /** A regular expression that a value must match. */
  readonly pattern: string | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
}

export interface Operation {
  readonly id: string;
  readonly path: string;
  readonly summary: Sentence;
  /** Whether it changes something. */
  readonly isWrite: boolean;
  readonly parameters: readonly OperationParameter[];
}

/** As much of the document as is read here. */
interface Document {
  readonly paths: Readonly<Record<string, { readonly post: DocumentedOperation }>>;
}

interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly "x-summary-zh": string;
  readonly "x-write": boolean;
  readonly requestBody: {
    readonly content: {
      readonly "application/json": {
        readonly schema: {
          readonly properties: Readonly<Record<string, DocumentedParameter>>;
          readonly required: readonly string[];
        };
      };
    };
  };
}

interface DocumentedParameter {
  readonly type: string;
  readonly description: string;
  readonly "x-description-zh": string;
  readonly examples?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every call has these, and the page fills them in. */
const common = new Set(["client_id", "timestamp", "sign"]);

// The compiler's type of the document is that of each single operation, and not what all of them have in common.
const { paths } = openapi as unknown as Document;

export const operations: readonly Operation[] = Object.entries(paths).map(([path, { post }]) => {
  const { properties, required } = post.requestBody.content["application/json"].schema;
  return {
    id: post.operationId,
    path,
    summary: { zh: post["x-summary-zh"], en: post.summary },
    isWrite: post["x-write"],
    parameters: Object.entries(properties)
      .filter(([name]) => !common.has(name))
      .map(([name, documented]) => ({
        name,
        description: { zh: documented["x-description-zh"], en: documented.description },
        required: required.includes(name),
        isInteger: documented.type === "integer",
        example: String(documented.examples?.[0] ?? ""),
        pattern: documented.pattern,
        minimum: documented.minimum,
        maximum: documented.maximum,
      })),
  };
});

/** By its id or its path. */
export function findOperation(named: string | null): Operation | undefined {
  return operations.find(({ id, path }) => id === named || path === named);
}
