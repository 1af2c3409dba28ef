/** A part of JSON Schema 2020-12, as OpenAPI 3.1 takes it: what answers are described with. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly format?: string
}

export const text: Schema = { type: 'string' }
export const count: Schema = { type: 'integer' }
export const flag: Schema = { type: 'boolean' }
export const time: Schema = { type: 'string', format: 'date-time' }
/** Somebody else's, such as a record as the index has it. */
export const anything: Schema = { type: 'object' }

/** The same, or null where it is not known. */
export function orNull(schema: Schema): Schema {
  return { ...schema, type: [schema.type ?? 'object', 'null'].flat() }
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

/** Exactly these properties; those in `optional` may be absent. */
export function shape(required: Readonly<Record<string, Schema>>, optional: Readonly<Record<string, Schema>> = {}): Schema {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required), additionalProperties: false }
}
