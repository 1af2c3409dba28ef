import { createRequire } from 'node:module'
import type { ChannelServer } from '@mirror/test-fixtures'

interface Rattler {
  readonly simpleSolve: (...request: [specs: string[], channels: string[], platforms: string[], locked: string[]]) => Promise<{ readonly packageName: string; readonly url: string }[]>
}

const rattler = createRequire(import.meta.url)('@conda-org/rattler') as Rattler

/** Index forms in the order in which rattler asks for them, and what their paths end in. */
export const VARIANT_FILES = {
  shards: 'repodata_shards.msgpack.zst',
  zst: 'repodata.json.zst',
  bz2: 'repodata.json.bz2',
  json: 'repodata.json',
} as const

/** One form of an index. */
export type VariantName = keyof typeof VARIANT_FILES

const isVariantName = (text: string): text is VariantName => text in VARIANT_FILES

/** All forms. */
export const VARIANTS: readonly VariantName[] = Object.keys(VARIANT_FILES).filter(isVariantName)

/** What the real solver answers: places of artifacts in the channel, sorted; or why there is no solution. */
export async function solve(url: string, spec: string, platform: string): Promise<readonly string[]> {
  try {
    const solved = await rattler.simpleSolve([spec], [url], platform === 'noarch' ? ['noarch'] : [platform, 'noarch'], [])
    return solved.map((record) => record.url.slice(url.length)).toSorted()
  } catch (error) {
    return [String(error).replaceAll(url, 'channel/')]
  }
}

/** Solves for each spec, with its answer under the spec. */
export async function solveAll(url: string, specs: readonly string[], platform: string): Promise<Record<string, readonly string[]>> {
  const answers: Record<string, readonly string[]> = {}
  for (const spec of specs) answers[spec] = await solve(url, spec, platform)
  return answers
}

/** The form of the index that clients read, found by the answers of 200. */
export function readVariants(requests: ChannelServer['requests']): readonly VariantName[] {
  const read = requests.filter(({ method, status }) => method === 'GET' && status === 200).map(({ path }) => path)
  return VARIANTS.filter((variant) => read.some((path) => path.endsWith(`/${VARIANT_FILES[variant]}`)))
}
