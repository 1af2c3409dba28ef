import { lookup as lookupWithCallback } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { addressScope, type AddressScope, isScopeAllowed, literalAddress } from './address-policy.ts'
import { readError } from './failure.ts'

/** Decides where upstream may send us. */
export interface AddressGuard {
  /** Throws `REDIRECT_REFUSED` for a host that is an address out of bounds. Names are checked when they are resolved, by `lookup`. */
  readonly admit: (url: URL, shown: string) => Promise<void>
  /** Resolves a name and refuses addresses out of bounds, so that what was checked is what is connected to. */
  readonly lookup: LookupFunction
}

/** What a guard starts from. */
export interface AddressGuardOptions {
  /** The channel's own host. */
  readonly home: URL
  /** Names are resolved by a proxy: only literal addresses can be judged. */
  readonly proxied: boolean
}

/** Creates the guard against server-side request forgery: a public channel may not send us into the private network (`reliability.md` §2). */
export function createAddressGuard({ home, proxied }: AddressGuardOptions): AddressGuard {
  let known: Promise<AddressScope> | undefined
  const homeScope = (): Promise<AddressScope> => (known ??= resolveScope(home, proxied))

  return {
    async admit(url, shown) {
      const address = literalAddress(url.hostname)
      if (address === undefined && url.hostname !== 'localhost' && !url.hostname.endsWith('.localhost')) return
      const scope = address === undefined ? 'loopback' : addressScope(address)
      if (!isScopeAllowed(await homeScope(), scope)) throw refused(shown, scope)
    },
    lookup(hostname, options, callback) {
      lookupWithCallback(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, [])
        void homeScope().then((from) => {
          const allowed = addresses.filter(({ address }) => isScopeAllowed(from, addressScope(address)))
          const [first] = allowed
          if (first === undefined) callback(refused(hostname, addressScope(addresses[0]?.address ?? '')), [])
          else if (options.all === true) callback(null, allowed)
          else callback(null, first.address, first.family)
        })
      })
    },
  }
}

async function resolveScope(home: URL, proxied: boolean): Promise<AddressScope> {
  const literal = literalAddress(home.hostname)
  if (literal !== undefined) return addressScope(literal)
  if (proxied) return 'public'
  try {
    const addresses = await lookup(home.hostname, { all: true })
    const scopes = addresses.map(({ address }) => addressScope(address))
    return scopes.find((scope) => scope === 'public') ?? scopes[0] ?? 'public'
  } catch {
    return 'public'
  }
}

function refused(shown: string, scope: AddressScope): Error {
  return readError('REDIRECT_REFUSED', `Cannot follow upstream to ${shown}: it is a ${scope} address`, {
    hint: 'A server must not send this program into your network. If it is meant to, allow that host in the configuration.',
    details: { scope },
  })
}
