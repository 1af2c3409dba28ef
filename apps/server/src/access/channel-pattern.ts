/** Channels, as people name them: folders below the mirror, and all that lies below them. */
export interface ChannelPattern {
  /** True for a path at or below a folder that the pattern names. */
  readonly covers: (segments: readonly string[]) => boolean
}

/** Upper and lower case, and composed and decomposed letters, are the same name on some file systems: whoever writes it otherwise must not slip through. */
function normalize(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/**
 * Reads `conda-forge`, `pkgs/main` or `team-*`: names of folders, in which `*` stands for any characters but a slash. `*` alone is the mirror as a whole. Undefined for what names no folder
 * that could be served.
 */
export function parseChannelPattern(text: string): ChannelPattern | undefined {
  if (text === '*') return { covers: () => true }
  const names = text.replace(/\/$/, '').split('/')
  // oxlint-disable-next-line no-control-regex
  if (names.some((name) => /^$|^\.|[\\\u0000-\u001f\u007f]|^-$/.test(name))) return undefined
  const fits = names.map(compileName)
  return { covers: (segments) => segments.length >= fits.length && fits.every((fit, index) => fit(normalize(segments[index] ?? ''))) }
}

/** Linear in the length of the name, whatever the pattern. */
function compileName(text: string): (name: string) => boolean {
  const [first = '', ...others] = normalize(text).split('*')
  const last = others.pop()
  if (last === undefined) return (name) => name === first
  return (name) => {
    if (!name.startsWith(first)) return false
    let at = first.length
    for (const part of others) {
      const found = name.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return name.length - last.length >= at && name.endsWith(last)
  }
}
