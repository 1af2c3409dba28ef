import { MirrorError } from '../errors.ts'

declare const kind: unique symbol

/** `noarch` or `<os>-<arch>` by the grammar of CEP 26; safe as one path segment. */
export type SubdirName = string & { readonly [kind]: 'SubdirName' }

const GRAMMAR = /^[a-z0-9]+-[a-z0-9]+$/
const MAXIMUM_LENGTH = 32

/** Subdirs that conda or rattler name today (`channels.md` §1.10), plus `osx-32`, which occurs in old channels. */
export const KNOWN_SUBDIRS: readonly string[] = [
  'noarch',
  'emscripten-wasm32', 'emscripten-wasm64', 'wasi-wasm32',
  'freebsd-32', 'freebsd-64', 'freebsd-arm64',
  'linux-32', 'linux-64', 'linux-aarch64', 'linux-armv6l', 'linux-armv7l', 'linux-loongarch64',
  'linux-ppc', 'linux-ppc64', 'linux-ppc64le', 'linux-riscv32', 'linux-riscv64', 'linux-s390x',
  'osx-32', 'osx-64', 'osx-arm64',
  'win-32', 'win-64', 'win-arm64',
  'zos-z',
  'android-32', 'android-64', 'android-aarch64', 'android-armv7a',
  'ios-arm64', 'iossimulator-64', 'iossimulator-arm64',
]

/** The subdir that every channel must have (CEP 36). */
export const NOARCH: SubdirName = parseSubdirName('noarch')

/** True for `noarch` and for what the grammar of CEP 26 allows, up to 32 characters. */
export function isSubdirName(text: string): text is SubdirName {
  return text.length <= MAXIMUM_LENGTH && (text === 'noarch' || GRAMMAR.test(text))
}

/** Throws `SUBDIR_INVALID` for anything that `isSubdirName` refuses. */
export function parseSubdirName(text: string): SubdirName {
  if (isSubdirName(text)) return text
  const shown = JSON.stringify(text.slice(0, 100))
  throw new MirrorError('SUBDIR_INVALID', `Cannot use ${shown} as a subdir: it is neither "noarch" nor of the form os-arch in lower case`)
}
