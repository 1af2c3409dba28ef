import { BlockList, isIP } from 'node:net'

/** How far an address reaches. `never` is nothing that a server can have: unspecified, multicast, reserved. */
export type AddressScope = 'public' | 'private' | 'loopback' | 'link-local' | 'never'

const SCOPES: readonly (readonly [AddressScope, readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24', 'fc00::/7', 'fec0::/10']],
  ['never', ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8']],
]

let lists: readonly (readonly [AddressScope, BlockList])[] | undefined

function createList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix = ''] = range.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** The scope of an IPv4 or IPv6 address; one that embeds an IPv4 address (mapped, NAT64, 6to4) has the scope of that. `never` for anything else. */
export function addressScope(address: string): AddressScope {
  const version = isIP(address)
  if (version === 0) return 'never'
  const embedded = version === 6 ? embeddedIpv4(address) : undefined
  if (embedded !== undefined) return addressScope(embedded)
  const type = version === 6 ? 'ipv6' : 'ipv4'
  lists ??= SCOPES.map(([scope, ranges]) => [scope, createList(ranges)] as const)
  return lists.find(([, list]) => list.check(address, type))?.[0] ?? 'public'
}

/** May a server of scope `home` send us to an address of scope `target`? Only outwards, or to its own kind; never to link-local, where clouds keep credentials. */
export function isScopeAllowed(home: AddressScope, target: AddressScope): boolean {
  if (target === 'public') return true
  if (target === 'private') return home === 'private' || home === 'loopback'
  return target === 'loopback' && home === 'loopback'
}

/** The address in a URL's host, without brackets; undefined for a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? undefined : bare
}

/** The IPv4 address inside of an IPv6 one: mapped, compatible, NAT64 (RFC 6052) or 6to4 (RFC 3056). */
function embeddedIpv4(address: string): string | undefined {
  const groups = expandIpv6(address)
  const prefix = groups.slice(0, 6).map((group) => group.toString(16)).join(':')
  const [high = 0, low = 0] = groups.slice(6)
  const isUnspecifiedOrLoopback = high === 0 && low <= 1
  if (/^0:0:0:0:0:ffff$|^64:ff9b:/.test(prefix) || (prefix === '0:0:0:0:0:0' && !isUnspecifiedOrLoopback)) return dotted(high, low)
  const [first, ...rest] = groups
  return first === 0x2002 ? dotted(rest[0] ?? 0, rest[1] ?? 0) : undefined
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight groups of an address, whose tail may be dotted. */
function expandIpv6(address: string): readonly number[] {
  const [left = '', right = ''] = address.replace(/%.*$/, '').split('::')
  const head = left.split(':').flatMap(parseGroup)
  const tail = right.split(':').flatMap(parseGroup)
  return [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0), ...tail]
}

function parseGroup(group: string): readonly number[] {
  if (group === '') return []
  if (!group.includes('.')) return [Number.parseInt(group, 16)]
  const bytes = Buffer.from(group.split('.').map(Number))
  return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)]
}
