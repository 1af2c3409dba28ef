import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from '../lib/run.mjs'
import { root } from '../lib/workspace.mjs'

const lastLine = (output) => output.trim().split('\n').at(-1) ?? ''

/**
 * Builds the image of the server as its Dockerfile says, as an OCI archive: `{ path }`, or `{ why }` where that is not possible here: what it stands on comes from a registry, or is given as `nodeImage` and
 * `baseImage`. The same bytes for the same base.
 */
export const buildImage = async ({ packed, to, work, nodeImage, baseImage, timestamp }) => {
  if ((await run('buildah', ['--version'], { quiet: true })).code !== 0) return { why: 'there is no buildah here' }
  const { manifest, tarball } = packed.find((one) => one.manifest.name === '@mirror/cli')
  const context = join(work, 'context')
  mkdirSync(join(context, 'tarballs'), { recursive: true })
  copyFileSync(tarball, join(context, 'tarballs', basename(tarball)))
  const given = [['NODE_IMAGE', nodeImage], ['BASE_IMAGE', baseImage]].flatMap(([name, value]) => (value === undefined ? [] : ['--build-arg', `${name}=${value}`]))
  const name = `localhost/cas-server:${manifest.version}`
  const built = await run('buildah', ['bud', '--quiet', '--timestamp', String(timestamp), ...given, '-f', join(root, 'apps/server/Dockerfile'), '-t', name, context], { quiet: true })
  if (built.code !== 0) return { why: `buildah: ${lastLine(built.output)}` }
  mkdirSync(to)
  const path = join(to, `cas-server-${manifest.version}-${process.arch}.tar`)
  const pushed = await run('buildah', ['push', '--quiet', name, `oci-archive:${path}:${name.replace('localhost/', '')}`], { quiet: true })
  return pushed.code === 0 ? { path } : { why: `buildah: ${lastLine(pushed.output)}` }
}
