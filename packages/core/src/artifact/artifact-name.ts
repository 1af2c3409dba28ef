import { MirrorError } from '../errors.ts'

declare const kind: unique symbol

/**
 * The file name of an artifact: one path segment, safe on every file system, ending in a known extension. What it says
 * about name, version and build is a custom, not a promise: those come from the record (`channels.md` §1.5 c).
 */
export type ArtifactName = string & { readonly [kind]: 'ArtifactName' }

/** Extensions of artifacts: CEP 35, and `.whl`, which only `v3` of CEP 48 lists. */
export const ARTIFACT_EXTENSIONS: readonly string[] = ['.conda', '.tar.bz2', '.whl']

const ALPHABET = /^[A-Za-z0-9_][A-Za-z0-9._+!-]*$/
const MAXIMUM_LENGTH = 255
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i

/** True for names that may become a file of a mirror. Decides by an allow-list (`reliability.md` H01-H07). */
export function isArtifactName(text: string): text is ArtifactName {
  return text.length <= MAXIMUM_LENGTH && ALPHABET.test(text) && !WINDOWS_DEVICE.test(text)
    && ARTIFACT_EXTENSIONS.some((extension) => text.length > extension.length && text.endsWith(extension))
}

/** Codes of the alphabet. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, code) => (/[A-Za-z0-9._+!-]/.test(String.fromCharCode(code)) ? 1 : 0))

/** Whether bytes are such a name, without making a string of most. */
export function isNameAt(bytes: Buffer, start: number, end: number): boolean {
  if (start >= end || !isPlain(bytes, start, end)) return false
  // Few begin with a sign or like a device: these are looked at as text, as are long and odd ones.
  const isCommon = (bytes[start] ?? 0) >= 0x30 && end - start <= MAXIMUM_LENGTH && !mayBeDevice(bytes, start)
  return (isCommon && endsCommonly(bytes, start, end)) || isArtifactName(bytes.toString('latin1', start, end))
}

function isPlain(bytes: Buffer, start: number, end: number): boolean {
  let plain = 1
  for (let at = start; at < end; at += 1) plain &= PLAIN[bytes[at] ?? 0] ?? 0
  return plain === 1
}

const DEVICES: ReadonlySet<number> = new Set(['con', 'prn', 'aux', 'nul', 'com', 'lpt'].map((name) => Buffer.from(name).readUIntBE(0, 3)))

function mayBeDevice(bytes: Buffer, start: number): boolean {
  const [one = 0, two = 0, three = 0] = [bytes[start], bytes[start + 1], bytes[start + 2]]
  return DEVICES.has((one << 16) | (two << 8) | three | 0x202020)
}

function endsCommonly(bytes: Buffer, start: number, end: number): boolean {
  return endsWith(bytes, { start, end, text: CONDA }) || endsWith(bytes, { start, end, text: TAR_BZ2 })
}

const CONDA = Buffer.from('.conda')
const TAR_BZ2 = Buffer.from('.tar.bz2')

function endsWith(bytes: Buffer, { start, end, text }: { readonly start: number; readonly end: number; readonly text: Buffer }): boolean {
  if (end - start <= text.length) return false
  for (let at = 0; at < text.length; at += 1) if (bytes[end - text.length + at] !== text[at]) return false
  return true
}

/** Throws `NAME_UNSAFE` for anything that `isArtifactName` refuses. */
export function parseArtifactName(text: string): ArtifactName {
  if (isArtifactName(text)) return text
  const shown = JSON.stringify(text.slice(0, 300))
  const message = `Cannot use ${shown} as an artifact name: it is not a plain file name ending in .conda, .tar.bz2 or .whl`
  throw new MirrorError('NAME_UNSAFE', message, {
    hint: 'Report it to the channel: such a name could write outside the mirror.',
  })
}

/** Compares two names by code point, the order in which conda-index writes keys. Names are ASCII, so by char code. */
export function compareNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** What the file name of an artifact says. */
export interface ArtifactNameParts {
  readonly name: string
  readonly version: string
  readonly build: string
}

/** `name`, `version` and `build` as the file name has them, split at the last two dashes (CEP 26); undefined where a part is missing. */
export function splitArtifactName(name: ArtifactName): ArtifactNameParts | undefined {
  const extension = ARTIFACT_EXTENSIONS.find((candidate) => name.endsWith(candidate)) ?? ''
  const stem = name.slice(0, name.length - extension.length)
  const beforeBuild = stem.lastIndexOf('-')
  const beforeVersion = stem.lastIndexOf('-', beforeBuild - 1)
  if (beforeBuild < 0 || beforeVersion <= 0) return undefined
  const version = stem.slice(beforeVersion + 1, beforeBuild)
  const build = stem.slice(beforeBuild + 1)
  return version === '' || build === '' ? undefined : { name: stem.slice(0, beforeVersion), version, build }
}
