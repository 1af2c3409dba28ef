import { randomBytes } from 'node:crypto'
import type { UserEntry } from './htpasswd.ts'
import type { Grant, Identification, Recollection } from './identification.ts'
import type { InFile } from './load-access.ts'
import type { PasswordChecker } from './password-checker.ts'

/** A user, a password, and where they come from. */
export interface Login {
  readonly user: string
  readonly password: string
  readonly address: string
}

/**
 * Creates what says whether a password is that of a user. A name that nobody has takes a comparison as others do; the same password that many requests bring at once is compared once; and one
 * that was wrong a moment ago is wrong without another comparison, and is not another guess, so that who sends an old one a thousand times locks nobody out.
 */
export function createPasswordIdentifier(entries: readonly InFile<UserEntry>[], { recollection, checker }: {
  readonly recollection: Recollection
  readonly checker: Pick<PasswordChecker, 'check'>
}): (login: Login) => Promise<Identification> {
  const users = Map.groupBy(entries, ({ name }) => name)
  const nobody = [{ hash: inventHash(entries[0]?.hash) }]
  const underway = new Map<string, Promise<Identification>>()

  async function compare(key: string, { user, password, address }: Login): Promise<Identification> {
    const counted = recollection.count({ address, user })
    if (counted.refused !== undefined) return counted.refused
    const right: Grant[] = []
    for (const entry of users.get(user) ?? nobody) {
      const isRight = await checker.check(password, entry.hash)
      if (isRight === undefined) {
        counted.right()
        return { status: 'busy' }
      }
      if (isRight && 'file' in entry) right.push({ name: entry.name, file: entry.file, channels: undefined })
    }
    const [first, ...others] = right
    if (first === undefined) return recollection.keep(key, { status: 'wrong' })
    counted.right()
    return recollection.keep(key, { status: 'known', grants: [first, ...others] })
  }

  return async (login) => {
    const key = recollection.keyOf('password', login.user, login.password)
    const before = recollection.recall(key) ?? underway.get(key)
    if (before !== undefined) return await before
    const comparison = compare(key, login).finally(() => underway.delete(key))
    underway.set(key, comparison)
    return await comparison
  }
}

/** The hash of a password that nobody has, of the cost of another. */
function inventHash(other: string | undefined): string {
  return `${other?.slice(0, 7) ?? '$2b$10$'}${randomBytes(53).toString('hex').slice(0, 53)}`
}
