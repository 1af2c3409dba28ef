import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMirrorError } from '@mirror/core'
import { formatManifest, MANIFEST_PATH, parseManifest, SIGNATURE_PATH } from '@mirror/delta'
import { root } from '../lib/workspace.mjs'

const load = (path) => import(pathToFileURL(join(root, path)).href)
const { createKeyPair, findChannels, openDelta, parsePublicKey, parseSecretKey, readReference, verifySignature } = await load('packages/difftar/src/index.ts')
const { createWorld, FIRST } = await load('packages/difftar/test/world.ts')
const { SEAL_END, SEAL_START, sealOf } = await load('packages/delta/src/manifest/format-manifest.ts')

const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex')
const readWhole = async (pieces) => {
  const held = []
  for await (const piece of pieces) held.push(Buffer.from(piece))
  return Buffer.concat(held)
}

/** An entry whose bytes are not those that the manifest names. */
const findOther = async (delta) => {
  const entries = delta.manifest.channels.flatMap(({ folder, entries: own }) => own.map(({ path, sha256 }) => ({ path: folder === '' ? path : `${folder}/${path}`, sha256 })))
  for (const { path, sha256 } of entries) if (digestOf(await readWhole(delta.open(path))) !== sha256) return `${path} has other bytes than the manifest says`
  return undefined
}

/** What comes over a gap is read from damaged bytes: parts of the fuzzing, by `[name, share, body]`; a body answers what is wrong. */
export const deltaParts = async (folder, { mutate }) => {
  mkdirSync(folder, { recursive: true })
  const world = await createWorld(folder)
  const references = [await world.refer('one.json'), await world.refer('two.jsonl', 'compact')]
  await world.change(FIRST)
  const pair = createKeyPair()
  const key = parseSecretKey(pair.secretKey)
  const keys = [parsePublicKey(pair.publicKey)]
  const [tarball, directory] = [join(folder, 'update.tar'), join(folder, 'delta')]
  await world.create([references[0]], { tarball }, { key })
  await world.create([references[0]], { directory }, { key })
  const whole = readFileSync(tarball)
  const [manifest, signature] = [MANIFEST_PATH, SIGNATURE_PATH].map((path) => readFileSync(join(directory, path)))
  const channels = findChannels(world.near, () => undefined)
  const path = join(folder, 'damaged')
  const refused = (error) => (isMirrorError(error) ? undefined : String(error?.stack ?? error))

  /** What is accepted has the bytes that its manifest names, read by other means; with a trusted key, it is the very manifest that was signed. */
  const tar = (trusted) => async () => {
    writeFileSync(path, mutate(whole))
    try {
      await using delta = await openDelta(path, trusted ? { keys } : {})
      if (delta === undefined) return trusted ? 'takes something unsigned' : undefined
      await delta.verify()
      if (trusted && formatManifest(delta.manifest) !== manifest.toString()) return 'takes another manifest than the one that was signed'
      return await findOther(delta)
    } catch (error) {
      return refused(error)
    }
  }

  /** With a seal that is right again, as only someone has who means it. */
  const manifests = () => {
    const text = manifest.toString()
    const damaged = mutate(Buffer.from(text.slice(0, text.lastIndexOf(SEAL_START)))).toString()
    const sealed = `${damaged}${SEAL_START}${sealOf(damaged)}${SEAL_END}`
    try {
      const parsed = parseManifest(Buffer.from(sealed))
      const paths = parsed.channels.flatMap(({ folder: of, entries, remove }) => [of, ...entries.map((entry) => entry.path), ...remove])
      const out = paths.find((one) => join('/base/x', one) !== `/base/x${one === '' ? '' : `/${one}`}`)
      if (out !== undefined) return `takes the path ${JSON.stringify(out)}`
      return formatManifest(parsed) === sealed ? undefined : 'takes a manifest that it would write otherwise'
    } catch (error) {
      return refused(error)
    }
  }

  const signatures = () => {
    const damaged = mutate(signature)
    try {
      const { status } = verifySignature(manifest, { signature: damaged.toString(), keys })
      // What is not signed, such as the first comment, may be anything.
      const [, proof, comment, global] = damaged.toString().split('\n')
      const [, own, ownComment, ownGlobal] = signature.toString().split('\n')
      if (status !== 'right') return undefined
      return [proof?.trim(), comment?.trimEnd(), global?.trim()].join('\n') === [own, ownComment, ownGlobal].join('\n') ? undefined : `takes ${JSON.stringify(damaged.toString())}`
    } catch (error) {
      return refused(error)
    }
  }

  const wholeReferences = references.map((reference) => readFileSync(reference))
  let turn = 0
  const read = () => {
    turn += 1
    writeFileSync(path, mutate(wholeReferences[turn % wholeReferences.length]))
    try {
      readReference(path, channels)
      return undefined
    } catch (error) {
      return refused(error)
    }
  }
  return [['deltas in a tarball', 2, tar(false)], ['signed deltas in a tarball', 0.5, tar(true)], ['manifests with a right seal', 1, manifests], ['signatures', 0.5, signatures], ['reference files', 1, read]]
}
