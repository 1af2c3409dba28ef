import { isSubdirName, KNOWN_SUBDIRS } from './subdir.ts'

const SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i
const MAXIMUM_SEGMENT = 128
const MAXIMUM_LENGTH = 1024

/**
 * True for a folder that may be made below a mirror on every file system: plain segments joined by `/`, each of letters,
 * digits, `_ . -`, not led by a dot or dash and not ended by a dot, up to 128 characters; the last one no known subdir, so
 * that no channel lies where another has its artifacts.
 */
export function isSafeRelativeFolder(folder: string): boolean {
  if (folder.length > MAXIMUM_LENGTH) return false
  const segments = folder.split('/')
  return segments.every(isSafeSegment) && !isKnownSubdir(segments.at(-1) ?? '')
}

function isSafeSegment(segment: string): boolean {
  return segment.length <= MAXIMUM_SEGMENT && SEGMENT.test(segment) && !WINDOWS_DEVICE.test(segment)
}

/** True for a subdir that conda or rattler know by name; a channel `a-b` is a channel. */
export function isKnownSubdir(text: string): boolean {
  return isSubdirName(text) && KNOWN_SUBDIRS.includes(text)
}
