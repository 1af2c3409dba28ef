import type { MatchSpec } from '@mirror/core'
import type { LockedArtifact } from '../closure/closure-types.ts'
import { readLockedUrl } from './locked-url.ts'
import type { LockSeeds, WantedPlatforms } from './pixi-lock.ts'
import { readSeedSpec } from './seed-specs.ts'
import { quoteText, seedsInvalid } from './seeds-invalid.ts'

/** A file of lines. */
export interface TextFile {
  readonly name: string
  readonly lines: readonly string[]
}

/**
 * Reads what `conda list --explicit` writes: a URL a line, with `#` and an md5, a sha256, or `sha256:` and one. A file that says `# platform:` is left alone where the
 * platform is not wanted.
 */
export function readExplicitFile({ name, lines }: TextFile, platforms: WantedPlatforms): LockSeeds {
  const artifacts: LockedArtifact[] = []
  const platform = lines.map((line) => /^#\s*platform:\s*(\S+)\s*$/.exec(line)?.[1]).find((found) => found !== undefined)
  if (platform !== undefined && platforms?.includes(platform) === false) return { artifacts, notes: [`the file is for ${quoteText(platform)}, which is not wanted`] }
  for (const [at, text] of lines.entries()) {
    const line = text.trim()
    if (/^(?:#.*|@EXPLICIT|)$/.test(line)) continue
    const [url = '', digest] = line.split('#')
    const artifact = readLockedUrl(url, digestsOf(digest)) ?? 'it is no URL'
    if (typeof artifact === 'string') throw seedsInvalid(name, { line: at + 1, reason: `${quoteText(url)}: ${artifact}` })
    artifacts.push(artifact)
  }
  return { artifacts, notes: [] }
}

function digestsOf(text = ''): { readonly sha256?: string; readonly md5?: string } {
  if (text === '') return {}
  if (text.startsWith('sha256:')) return { sha256: text.slice('sha256:'.length) }
  return text.length === 64 ? { sha256: text } : { md5: text }
}

/** Reads a match spec a line. `#` begins a comment, at the start or behind a space. */
export function readSpecList({ name, lines }: TextFile): readonly MatchSpec[] {
  const specs: MatchSpec[] = []
  for (const [at, text] of lines.entries()) {
    const line = text.replace(/(?:^|\s)#.*$/, '').trim()
    if (line === '') continue
    const spec = readSeedSpec(line)
    if (typeof spec === 'string') {
      const hint = line.startsWith('-') ? 'Files of pip cannot be used; in YAML, a key such as dependencies: comes first.' : 'Write one match spec a line: numpy >=1.26,<2'
      throw seedsInvalid(name, { line: at + 1, reason: `${quoteText(line)} is no match spec: ${spec}`, hint })
    }
    specs.push(spec)
  }
  return specs
}
