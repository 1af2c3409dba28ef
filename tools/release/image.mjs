import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from '../lib/run.mjs'
import { root } from '../lib/workspace.mjs'

const lastLine = (output) => output.trim().split('\n').at(-1) ?? ''

const dockerfile = join(root, 'apps/server/Dockerfile')

/** What the image is made of: those that are given, else what its Dockerfile says. */
const nameBases = (given) =>
  [...readFileSync(dockerfile, 'utf8').matchAll(/^ARG (?<name>\w+)=(?<value>\S+)$/gm)].map(({ groups: { name, value } }) => ({ name, value: given[name] ?? value }))

/**
 * Builds the image of the server as its Dockerfile says, as an OCI archive: `{ path, bases }`, or `{ why }` where that is not possible here: what it stands on comes from a registry, or is given as `nodeImage` and
 * `baseImage`. The same bytes for the same base.
 */
export const buildImage = async ({ packed, to, work, nodeImage, baseImage, timestamp }) => {
  if ((await run('buildah', ['--version'], { quiet: true })).code !== 0) return { why: 'there is no buildah here' }
  const { manifest, tarball } = packed.find((one) => one.manifest.name === '@mirror/cli')
  const context = join(work, 'context')
  mkdirSync(join(context, 'tarballs'), { recursive: true })
  copyFileSync(tarball, join(context, 'tarballs', basename(tarball)))
  const bases = nameBases({ NODE_IMAGE: nodeImage, BASE_IMAGE: baseImage })
  const image = `localhost/cas-server:${manifest.version}`
  const built = await run('buildah', ['bud', '--quiet', '--timestamp', String(timestamp), ...bases.flatMap(({ name, value }) => ['--build-arg', `${name}=${value}`]), '-f', dockerfile, '-t', image, context], { quiet: true })
  if (built.code !== 0) return { why: `buildah: ${lastLine(built.output)}` }
  const layout = join(work, 'layout')
  const pushed = await run('buildah', ['push', '--quiet', image, `oci:${layout}:${image.replace('localhost/', '')}`], { quiet: true })
  if (pushed.code !== 0) return { why: `buildah: ${lastLine(pushed.output)}` }
  mkdirSync(to)
  const path = join(to, `cas-server-${manifest.version}-${process.arch}.tar`)
  // Buildah's own archive has the time of its making.
  const plain = ['--sort=name', `--mtime=@${timestamp}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', '--format=ustar']
  const { code, output } = await run('tar', [...plain, '-cf', path, '-C', layout, 'blobs', 'index.json', 'oci-layout'], { quiet: true })
  return code === 0 ? { path, bases: bases.map(({ value }) => value) } : { why: `tar: ${lastLine(output)}` }
}
