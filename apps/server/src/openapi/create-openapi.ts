import type { PageRoute } from '../pages/route.ts'
import { API_ANSWERS, type DescribedAnswer, ERROR_ANSWER, OWN_ANSWERS } from './answers.ts'
import { anything } from './schema.ts'

/** The version of the addresses and their answers: the first number changes when a program that knows them would no longer understand. */
const VERSION = '1.0.0'
const API = '/-/api/'

/** Describes the addresses that answer JSON, as OpenAPI 3.1: those of the routes, which the router goes by, and those of the server itself. */
export function createOpenApi(routes: readonly PageRoute[]): object {
  const api = routes.filter(({ path, method = 'get' }) => path.startsWith(API) && method === 'get')
  const own = Object.entries(OWN_ANSWERS).map(([path, answer]) => [path, describe({ path, ...answer })] as const)
  return {
    openapi: '3.1.1',
    info: { title: 'Conda mirror', version: VERSION, description: 'What a mirror of conda channels tells programs. Files of channels lie at their usual addresses.' },
    servers: [{ url: '../' }],
    paths: Object.fromEntries([...own, ...api.map(({ path, summary }) => [writePath(path), describe({ path, summary, ...API_ANSWERS[path] ?? { schema: anything } })] as const)]),
    components: { schemas: { Error: ERROR_ANSWER } },
  }
}

/** `/:name/*channel` becomes `/{name}/{channel}`; the folder of a channel may have slashes in it. */
function writePath(path: string): string {
  return path.replaceAll(/[:*](?<name>\w+)/g, '{$<name>}')
}

function describe({ path, summary, schema, query = {}, alsoAnswers = [] }: DescribedAnswer & { readonly path: string; readonly summary: string }): object {
  const content = { 'application/json': { schema } }
  const named = [...path.matchAll(/[:*](?<name>\w+)/g)].map(({ groups }) => groups?.['name'] ?? '')
  return {
    get: {
      summary,
      parameters: [
        ...named.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' }, ...(name === 'channel' ? { description: 'The folder of a channel, slashes as they are, also below `snapshots/<name>`.', allowReserved: true } : {}) })),
        ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema: { type: 'string' } })),
      ],
      responses: {
        200: { description: summary, content },
        ...Object.fromEntries(alsoAnswers.map((status) => [status, { description: summary, content }])),
        ...(alsoAnswers.length > 0 ? {} : { default: { description: 'What is wrong', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } } }),
      },
    },
  }
}
