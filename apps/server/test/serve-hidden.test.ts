import { createToken } from '../src/access/token-file.ts'
import { ROUTES } from '../src/pages/routes.ts'
import { test } from './served-folder.ts'

const TEAM = createToken({ name: 'ci' })
const GUEST = createToken({ name: 'guest', channels: ['elsewhere'] })
const indexOf = (name: string): string => JSON.stringify({
  info: { subdir: 'noarch' }, packages: {}, 'packages.conda': { [`${name}-1.0-0.conda`]: { name, version: '1.0', build: '0', build_number: 0, depends: [], sha256: 'ab'.repeat(32), size: 5, subdir: 'noarch' } },
})
const FILES = {
  'mirror/open/noarch/repodata.json': indexOf('common-package'),
  'mirror/open/noarch/common-package-1.0-0.conda': 'bytes',
  'mirror/open/label/hidden-label/noarch/repodata.json': indexOf('hidden-package'),
  'mirror/hidden-team/noarch/repodata.json': indexOf('hidden-package'),
  'mirror/hidden-team/noarch/hidden-package-1.0-0.conda': 'bytes',
  'tokens': `${TEAM.line}\n${GUEST.line}\n`,
}
const RULES = [{ channels: ['open/label/hidden-label'], tokens: ['tokens'] }, { channels: ['open'], isPublic: true }, { tokens: ['tokens'] }]

/** An address of a route, about a channel where it is about one. */
function fill(path: string, channel: string): string {
  return path.replace('*channel', channel).replace('*path', channel).replace(':subdir', 'noarch').replace(':file', 'hidden-package-1.0-0.conda').replace(':generation', '1').replace(':name', 'hidden-package')
}

const CHANNELS = ['hidden-team', 'open/label/hidden-label']
const isAboutOne = (path: string): boolean => /\*channel|\*path/.test(path)

test('every page and every answer for programs about a channel is refused to who may not see it, and given to who may', async ({ expect, serve }) => {
  const { get } = await serve(FILES, { rules: RULES })
  const ask = async (path: string, token?: string): Promise<number> => (await get(path, { accept: 'text/html', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) })).status
  const paths = ROUTES.map(({ path }) => path).filter(isAboutOne)
  expect(paths.length).toBeGreaterThan(10)
  const given = []
  for (const path of paths) {
    for (const channel of CHANNELS) {
      const [anonymous, guest] = [await ask(fill(path, channel)), await ask(fill(path, channel), GUEST.token)]
      expect([401, 404], `${path} of ${channel}, anonymous`).toContain(anonymous)
      expect([403, 404], `${path} of ${channel}, a guest`).toContain(guest)
      if (await ask(fill(path, channel), TEAM.token) === 200) given.push(path)
    }
  }
  expect(given.length).toBeGreaterThan(5)
})

test('no page and no answer about all channels names one that its reader may not see, nor what is in it', async ({ expect, serve }) => {
  const { get } = await serve(FILES, { rules: RULES })
  const read = async (path: string, token?: string): Promise<string> => (await get(path, { accept: 'text/html', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) })).body.toString()
  const paths = [...ROUTES.map(({ path }) => path).filter((path) => !isAboutOne(path)), '/readyz', '/metrics', '/open/', '/open/-/history', '/open/-/use', '/open/-/search?q=hidden', '/snapshots/', '/no-such-page/'].flatMap((path) => [path, `${path}?q=package`])
  let seen = 0
  for (const path of paths) {
    for (const token of [undefined, GUEST.token]) expect(await read(path, token), `${path} ${String(token)}`).not.toMatch(/hidden-(?:team|label|package)/)
    if ((await read(path, TEAM.token)).includes('hidden-team')) seen += 1
  }
  expect(seen).toBeGreaterThan(3)
})
