import type { Fault } from '../exchange.ts'

/**
 * Redirects to a location: a path, another origin, `file:///etc/passwd`, `http://169.254.169.254/`, `http:` from https.
 * `{path}` in it stands for the path that was asked for.
 */
export function redirect(location: string, status = 302): Fault {
  return {
    name: 'redirect',
    run: ({ request, send }) => {
      const target = location.replace('{path}', request.url ?? '/')
      send({ status, headers: { location: target, 'content-length': '0' }, body: Buffer.alloc(0) })
    },
  }
}

/** Redirects to the path that was asked for, for ever. */
export function redirectLoop(): Fault {
  return redirect('{path}')
}

/** Redirects so many times, each time to `?hop=n`, then answers honestly. */
export function redirectHops(count: number): Fault {
  return {
    name: 'redirectHops',
    run: async ({ request, send, sendHonest }) => {
      const url = new URL(request.url ?? '/', 'http://fixture.invalid')
      const hop = Number(url.searchParams.get('hop') ?? '0')
      if (hop >= count) {
        await sendHonest()
        return
      }
      send({ status: 302, headers: { location: `${url.pathname}?hop=${hop + 1}`, 'content-length': '0' }, body: Buffer.alloc(0) })
    },
  }
}
