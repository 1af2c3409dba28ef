import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MirrorError } from '@mirror/core'
import type { DifftarErrorCode } from '@mirror/difftar'

const NAME = 'difftar.mjs'

/** The single file that applies deltas, which comes with this program. Throws `TOOL_NOT_FOUND` where it was not built. */
export function findTool(): string {
  const places = [fileURLToPath(new URL(`../${NAME}`, import.meta.url)), ...findInPackage()]
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return found
  throw new MirrorError<DifftarErrorCode>('TOOL_NOT_FOUND', `Cannot put the program beside the delta: there is no ${places[0] ?? NAME}`, { hint: 'Build it with `npm run setup` in the repository, or use `conda-diff-tar --create --with-tool`.' })
}

/** Where nothing is bundled, it lies with the package that it is made of. */
function findInPackage(): readonly string[] {
  try {
    return [join(dirname(createRequire(import.meta.url).resolve('@mirror/difftar/package.json')), 'dist', NAME)]
  } catch {
    return []
  }
}
