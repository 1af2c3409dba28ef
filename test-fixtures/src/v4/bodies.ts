import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { refuse } from './refusals.ts'

/** The kind of a body. */
export type BodyKind = 'login' | 'package' | 'attrs' | 'release' | 'releaseAttrs' | 'stage' | 'commit' | 'label'

type Check = (value: Json | undefined) => boolean

const isText: Check = (value) => typeof value === 'string'
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isObject: Check = (value) => isJsonObject(value)
const isList: Check = (value) => Array.isArray(value)
const isTexts: Check = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string')
const isSha256: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isAnything: Check = (value) => value !== undefined
const optional = (check: Check): Check => (value) => value === undefined || check(value)

/** The fields of each body, as the real clients send them; `others: true` where rattler adds those of about.json. */
const BODIES: Readonly<Record<BodyKind, { readonly fields: Readonly<Record<string, Check>>; readonly others: boolean }>> = {
  login: {
    fields: {
      'scopes': isAnything, 'note': isText, 'note_url': isTextOrNull, 'hostname': isText, 'user': isAnything, 'max-age': isAnything, 'strength': isText,
      'fail-if-exists': isFlag,
    },
    others: false,
  },
  package: { fields: { public: isFlag, publish: isFlag, public_attrs: isObject }, others: false },
  // rattler repeats what it creates a package with.
  attrs: { fields: { public_attrs: isObject, public: optional(isFlag), publish: optional(isFlag) }, others: false },
  release: { fields: { requirements: isList, announce: isAnything, description: isTextOrNull }, others: true },
  releaseAttrs: {
    fields: { public_attrs: isObject, requirements: optional(isList), announce: optional(isAnything), description: optional(isTextOrNull) }, others: false,
  },
  stage: {
    fields: {
      distribution_type: (value: Json | undefined): boolean => value === 'conda', description: isTextOrNull, attrs: isObject, dependencies: optional(isObject),
      channels: isTexts, sha256: isSha256,
    },
    others: false,
  },
  commit: { fields: { dist_id: isText }, others: false },
  label: { fields: { package: isTextOrNull, version: isTextOrNull, basename: isTextOrNull }, others: false },
}

/** Refuses a body that is not exactly what the call takes. */
export function checkBody(kind: BodyKind, body: JsonObject): void {
  const { fields, others } = BODIES[kind]
  const wrong = Object.entries(fields).find(([name, check]) => !check(body[name]))
  if (wrong !== undefined) refuse('body-fields', `${wrong[0]} of a ${kind} cannot be ${wrong[0] in body ? JSON.stringify(body[wrong[0]]) : 'absent'}`)
  const unknown = others ? undefined : Object.keys(body).find((name) => !Object.hasOwn(fields, name))
  if (unknown !== undefined) refuse('body-fields', `a ${kind} has no ${unknown}`)
}
