import { BlockList, isIP } from 'node:net'

/** How far an address reaches. `never` is nothing that a server can have: unspecified, multicast, reserved. */
export type AddressScope = 'public' | 'private' | 'loopback' | 'link-local' | 'never'

const SCOPES: readonly (readonly [AddressScope, readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24', 'fc00::/7', 'fec0::/10']],
  ['never', ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8']],
]

const lists = SCOPES.map(([scope, ranges]) => [scope, createList(ranges)] as const)

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

function embeddedIpv4(address: string): string | undefined {
  const groups = expandIpv6(address)
  if (groups === undefined) return undefined
  const join = (high: number | undefined, low: number | undefined): string => {
    const value = (high ?? 0) * 65_536 + (low ?? 0)
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
  }
  const zeros = (count: number): boolean => groups.slice(0, count).every((group) => group === 0)
  if (zeros(5) && groups[5] === 0xffff) return join(groups[6], groups[7])
  if (zeros(6) && (groups[6] !== 0 || (groups[7] ?? 0) > 1)) return join(groups[6], groups[7])
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return join(groups[6], groups[7])
  return groups[0] === 0x2002 ? join(groups[1], groups[2]) : undefined
}

function expandIpv6(address: string): readonly number[] | undefined {
  const bare = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) =>
    `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`)
  const [left = '', right] = bare.split('::')
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const head = parse(left)
  const tail = right === undefined ? [] : parse(right)
  const gap = right === undefined ? 0 : 8 - head.length - tail.length
  const groups = [...head, ...Array.from({ length: Math.max(0, gap) }, () => 0), ...tail]
  return groups.length === 8 ? groups : undefined
}
