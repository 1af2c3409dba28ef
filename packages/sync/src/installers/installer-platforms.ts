import { parseSubdirName, type SubdirName } from '@mirror/core'

/** How upstream writes each platform in the names of installers. */
const PLATFORMS: ReadonlyMap<string, SubdirName> = new Map([
  ['Linux-x86_64', 'linux-64'], ['Linux-x86', 'linux-32'], ['Linux-aarch64', 'linux-aarch64'], ['Linux-ppc64le', 'linux-ppc64le'], ['Linux-s390x', 'linux-s390x'],
  ['Linux-armv7l', 'linux-armv7l'], ['Linux-armv6l', 'linux-armv6l'], ['Linux-riscv64', 'linux-riscv64'], ['MacOSX-x86_64', 'osx-64'], ['MacOSX-arm64', 'osx-arm64'],
  ['MacOSX-x86', 'osx-32'], ['Windows-x86_64', 'win-64'], ['Windows-x86', 'win-32'], ['Windows-arm64', 'win-arm64'],
].map(([written = '', subdir = '']): [string, SubdirName] => [written, parseSubdirName(subdir)]))

/** The subdir of a platform as the name of an installer has it: `Linux-x86_64`. */
export function subdirOfInstaller(written: string): SubdirName | undefined {
  return PLATFORMS.get(written)
}
