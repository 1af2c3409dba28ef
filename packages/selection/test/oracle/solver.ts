import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import type { JsonIndex } from '../closure/json-rows.ts'

interface Rattler {
  readonly simpleSolve: (...request: [specs: readonly string[], channels: readonly string[], platforms: readonly string[], locked: readonly string[]]) => Promise<{ readonly url: string }[]>
}

const rattler = createRequire(import.meta.url)('@conda-org/rattler') as Rattler

/** A solver over channels that are values, each under a name. */
export interface Solver {
  /** Publishes a channel, in place of one of this name. */
  readonly publish: (name: string, indexes: ReadonlyMap<string, JsonIndex>) => void
  /** What rattler picks, as places in the channel, sorted; undefined where it finds no solution. */
  readonly solve: (name: string, specs: readonly string[], platform: string) => Promise<readonly string[] | undefined>
  readonly close: () => Promise<void>
}

/** Serves channels on a free port of this machine and lets the real solver read them. */
export async function createSolver(): Promise<Solver> {
  const documents = new Map<string, string>()
  const server = createServer((request, response) => {
    const document = documents.get(request.url ?? '')
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' }).end(document)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    publish: (name, indexes) => {
      for (const [subdir, index] of indexes) {
        const document = { info: { subdir }, packages: {}, 'packages.conda': {}, ...index, repodata_version: 1 }
        documents.set(`/${name}/${subdir}/repodata.json`, JSON.stringify(document))
      }
    },
    solve: async (name, specs, platform) => {
      try {
        const solved = await rattler.simpleSolve(specs, [`${home}/${name}`], platform === 'noarch' ? ['noarch'] : [platform, 'noarch'], [])
        return solved.map(({ url }) => url.slice(home.length + name.length + 2)).sort()
      } catch (error) {
        if (/cannot be installed|No candidates|unsolvable|Cannot solve|could not be solved|failed to solve|conflict/i.test(String(error))) return undefined
        throw new Error(`The solver could not read ${name}: ${String(error)}`, { cause: error })
      }
    },
    close: () => new Promise((resolve) => { server.close(() => resolve()) }),
  }
}
