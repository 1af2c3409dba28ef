import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** Who is at the other end of a request. */
export interface Client {
  /** An IP address; empty when the connection is gone. */
  readonly address: string
  /** A proxy that is trusted passed it on: what it says of host and protocol can be believed. */
  readonly isForwarded: boolean
}

/** True for an IP address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...others] = text.split('/')
  const version = isIP(address)
  if (version === 0 || others.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/**
 * Tells who asks. `X-Forwarded-For` is believed of `proxies` alone (addresses and networks, by `isNetwork`): its last address that is none of them is the client; whatever stands before it
 * anybody may have written.
 */
export function createClientReader(proxies: readonly string[]): (request: Pick<IncomingMessage, 'headers' | 'socket'>) => Client {
  const trusted = createList(proxies)
  return ({ headers, socket }) => {
    const peer = plainAddress(socket.remoteAddress ?? '')
    if (!trusted(peer)) return { address: peer, isForwarded: false }
    const hops = String(headers['x-forwarded-for'] ?? '').split(',').map((hop) => plainAddress(hop.trim()))
    return { address: findClient(hops, trusted) ?? peer, isForwarded: true }
  }
}

function findClient(hops: readonly string[], trusted: (address: string) => boolean): string | undefined {
  let last: string | undefined
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) return last
    if (!trusted(hop)) return hop
    last = hop
  }
  return last
}

function createList(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** IPv4 as IPv6 sockets show it, and addresses with a port as some proxies write them, without either. */
function plainAddress(text: string): string {
  const bare = /^\[(?<six>[^\]]*)\](?::\d+)?$|^(?<four>\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.groups
  const address = bare?.['six'] ?? bare?.['four'] ?? text
  return /^::ffff:(?<four>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.['four'] ?? address
}

/** What counts as one place: an address of IPv4, or the network of 64 bits that one household or machine has of IPv6. */
export function placeOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right]
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
