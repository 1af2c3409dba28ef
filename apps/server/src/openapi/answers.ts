import { anything, count, flag, listOf, orNull, type Schema, shape, text, time } from './schema.ts'

/** What is known of an address that answers JSON, beside its route. */
export interface DescribedAnswer {
  readonly schema: Schema
  /** Parameters of the query: name and meaning. */
  readonly query?: Readonly<Record<string, string>>
  /** Statuses beside 200, with an answer of the same kind. Default: none. */
  readonly alsoAnswers?: readonly number[]
}

const SEARCH = { q: 'A name, or a part of one.', page: 'From 1 on.' } as const
const summary = { name: text, artifacts: count, size: count, versions: count, subdirs: listOf(text), latestVersion: orNull(text), newest: orNull(time) }
const hits = shape({ total: count, page: count, pages: count, packages: listOf(shape({ channel: text, ...summary })) })
const build = shape({ subdir: text, file: text, version: text, build: text, buildNumber: count, size: count, built: orNull(time) })
const generation = orNull(count)

/** Every route below `/-/api/`, by its pattern. */
export const API_ANSWERS: Readonly<Record<string, DescribedAnswer>> = {
  '/-/api/channels': {
    schema: shape({
      channels: listOf(shape({
        channel: text, subdirs: listOf(text), kind: text, artifacts: orNull(count), size: orNull(count), generation, published: orNull(time), synced: orNull(time), newest: orNull(time), trouble: orNull(text),
      })),
    }),
  },
  '/-/api/search': { query: SEARCH, schema: hits },
  '/-/api/search/*channel': { query: SEARCH, schema: hits },
  '/-/api/package/:name/*channel': { schema: shape({ channel: text, generation, summary: shape(summary), builds: listOf(build), neededBy: listOf(text) }) },
  '/-/api/artifact/:subdir/:file/*channel': { schema: shape({ channel: text, generation, subdir: text, file: text, record: anything }) },
  '/-/api/history/*channel': {
    schema: shape({
      channel: text, runs: listOf(anything), growth: listOf(shape({ generation: count, time, artifacts: count }, { bytes: count })),
      kept: listOf(shape({ number: count, created: time, snapshots: listOf(text) })),
    }),
  },
  '/-/api/changes/:generation/*channel': { schema: shape({ channel: text, generation: count, time, changes: orNull(anything) }) },
  '/-/api/use/*channel': { schema: shape({ channel: text, url: text, alias: text }) },
  '/-/api/take-away/*channel': { query: { since: 'The number of a generation, or `nothing`.', reference: 'The id of a reference that was sent.' }, schema: anything },
}

const channelHealth = shape({ channel: text }, { generation: count, created: count, artifacts: count, bytes: count, age: count, reason: text })

/** What the server answers itself, before everything else. */
export const OWN_ANSWERS: Readonly<Record<string, DescribedAnswer & { readonly summary: string }>> = {
  '/readyz': { summary: 'Whether the mirror can be served, and why not', alsoAnswers: [503], schema: shape({ ready: flag, reasons: listOf(text), channels: listOf(channelHealth) }) },
}

/** What is answered instead, with 401, 403, 404, 429 or 503. */
export const ERROR_ANSWER: Schema = shape({ error: shape({ code: text, message: text }) })
