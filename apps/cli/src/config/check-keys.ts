import { knownKeys, PARENTS, type ParentKey } from './keys.ts'
import { findNearest } from './nearest.ts'
import type { ConfigProblem } from './problems.ts'
import { isMapping } from './readers.ts'
import { formatPath, type ValuePath } from './yaml-file.ts'

/** What is wrong with the keys of a file, and what is only odd. */
export interface KeyFindings {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

type Where = (path: ValuePath) => string

/** Finds keys that are not known, at the top and below. */
export function checkKeys(content: Readonly<Record<string, unknown>>, where: Where): KeyFindings {
  const channels = Array.isArray(content['channels']) ? content['channels'].map((entry, index) => ({ entry, path: ['channels', index] })) : [{ entry: content['channels'], path: ['channels'] }]
  const findings = [
    ...checkMapping({ content, path: [], parent: '', where }),
    ...channels.flatMap(({ entry, path }) => checkMapping({ content: entry, path, parent: 'channels[]', where })),
    ...checkServe(content['serve'], where),
  ]
  return { problems: findings.flatMap((finding) => finding.problems), warnings: findings.flatMap((finding) => finding.warnings) }
}

interface KeyCheck {
  readonly content: unknown
  readonly path: ValuePath
  readonly parent: ParentKey
  readonly where: Where
}

function checkMapping(check: KeyCheck): readonly KeyFindings[] {
  const { content, path, where } = check
  if (!isMapping(content)) return []
  const below = PARENTS.filter((parent) => isMapping(content[parent]))
  return [checkUnknown(check), ...below.map((parent) => checkUnknown({ content: content[parent], path: [...path, parent], parent, where }))]
}

function checkServe(serve: unknown, where: Where): readonly KeyFindings[] {
  if (!isMapping(serve)) return []
  const { tls, access } = serve
  const rules = Array.isArray(access) ? access.map((content: unknown, index) => ({ content, path: ['serve', 'access', index] })) : [{ content: access, path: ['serve', 'access'] }]
  return [checkUnknown({ content: tls, path: ['serve', 'tls'], parent: 'serve.tls', where }), ...rules.map((rule) => checkUnknown({ ...rule, parent: 'serve.access[]', where }))]
}

function checkUnknown({ content, path, parent, where }: KeyCheck): KeyFindings {
  const known = knownKeys(parent)
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  for (const key of isMapping(content) ? Object.keys(content) : []) {
    if (known.includes(key)) continue
    const nearest = findNearest(key, known)
    const name = formatPath([...path, key])
    const common = { code: 'CONFIG_UNKNOWN_KEY', where: where([...path, key]), key: name } as const
    if (nearest === undefined) warnings.push({ ...common, message: `${JSON.stringify(name)} is not a key that this version knows, so it has no effect` })
    else problems.push({ ...common, message: `${JSON.stringify(name)} is not a key; the nearest is "${formatPath([...path, nearest])}"` })
  }
  return { problems, warnings }
}
