// The server's image: built by buildah on a base that debootstrap made, and run by runc with a read-only root and an unprivileged user. It fetches a base system, so only with MIRROR_INTEROP=full.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

const isFull = process.env.MIRROR_INTEROP === 'full'
export const name = 'the container image'
export const needs = isFull ? ['buildah', 'runc', 'debootstrap'] : []

export const run = async ({ root, node, folder, tools, check, skip }) => {
  if (!isFull) return skip('only with MIRROR_INTEROP=full: it fetches a base system')
  if (process.getuid?.() !== 0) return skip('only root can make a base system')
  await runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-container.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, tools })] })
}
