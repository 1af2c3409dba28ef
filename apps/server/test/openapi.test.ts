import { describe } from 'vitest'
import { API_ANSWERS } from '../src/openapi/answers.ts'
import { createOpenApi } from '../src/openapi/create-openapi.ts'
import type { Schema } from '../src/openapi/schema.ts'
import { ROUTES } from '../src/pages/routes.ts'
import { SMALL, test, type World } from './world.ts'

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, { readonly content: { readonly 'application/json': { readonly schema: Schema } } }>>
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>
  readonly components: { readonly schemas: { readonly Error: Schema } }
}

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value)

/** What is other than a schema says: an oracle of its own, as small as the part of JSON Schema that we use. */
function judge(value: unknown, schema: Schema, at = '$'): readonly string[] {
  const found = typeOf(value)
  const types = [schema.type ?? []].flat()
  if (!types.includes(found)) return [`${at} is ${found}, not ${types.join(' or ')}`]
  if (schema.format === 'date-time' && typeof value === 'string') return Number.isNaN(Date.parse(value)) ? [`${at} is no time`] : []
  if (Array.isArray(value)) return value.flatMap((item, index) => judge(item, schema.items ?? {}, `${at}[${index}]`))
  if (found !== 'object') return []
  const object = value as Readonly<Record<string, unknown>>
  const lacking = (schema.required ?? []).filter((name) => !(name in object)).map((name) => `${at} lacks ${name}`)
  return [...lacking, ...Object.entries(object).flatMap(([name, one]) => {
    const known = schema.properties?.[name]
    if (known !== undefined) return judge(one, known, `${at}.${name}`)
    return schema.additionalProperties === false ? [`${at}.${name} is described nowhere`] : []
  })]
}

const EXAMPLES: Readonly<Record<string, string>> = { name: 'beta', subdir: 'linux-64', file: 'gamma-1.0-0.conda', generation: '1', channel: 'team', q: 'a', since: 'nothing' }

/** Asks for a described address, with a value for each of its parameters, until what it needs is ready. */
async function ask(world: World, path: string, { parameters }: Operation): Promise<{ readonly status: number; readonly value: unknown }> {
  const written = path.replaceAll(/\{(?<name>\w+)\}/g, (_, name: string) => EXAMPLES[name] ?? '')
  const query = parameters.flatMap(({ name, in: where }) => (where === 'query' && EXAMPLES[name] !== undefined ? [`${name}=${EXAMPLES[name]}`] : []))
  for (;;) {
    const { status, body } = await world.get(`${written}?${query.join('&')}`)
    if (status !== 503) return { status, value: JSON.parse(body.toString()) as unknown }
  }
}

describe('/-/openapi.json', () => {
  test('describes every address that answers JSON, and each answers as it is described', { timeout: 60_000 }, async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const { status, headers, body } = await world.get('/-/openapi.json')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    const document = JSON.parse(body.toString()) as Document
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    expect(Object.keys(document.paths).length).toBe(ROUTES.filter(({ path, method = 'get' }) => path.startsWith('/-/api/') && method === 'get').length + 1)
    for (const [path, { get }] of Object.entries(document.paths)) {
      const { status: found, value } = await ask(world, path, get)
      expect(found, path).toBe(200)
      expect(judge(value, get.responses['200']?.content['application/json'].schema ?? {}), path).toEqual([])
    }
  })

  test('an error is as it is described', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    const { components } = JSON.parse((await world.get('/-/openapi.json')).body.toString()) as Document
    for (const path of ['/-/api/use/none', '/-/api/history/none', '/-/api/nothing']) {
      const { status, body } = await world.get(path)
      expect([status, judge(JSON.parse(body.toString()), components.schemas.Error)], path).toEqual([404, []])
    }
  })

  test('knows every route, and no other', ({ expect }) => {
    const routes = ROUTES.flatMap(({ path, method = 'get' }) => (path.startsWith('/-/api/') && method === 'get' ? [path] : []))
    expect(Object.keys(API_ANSWERS).toSorted()).toEqual(routes.toSorted())
    expect(JSON.stringify(createOpenApi(ROUTES))).not.toContain('undefined')
  })
})
