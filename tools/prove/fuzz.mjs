// Parsers on random and damaged input, against oracles where there is one: part of `npm run prove`. Each part runs for a share of the time and tells how often.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { zstdCompressSync } from 'node:zlib'
import { compareVersions, findVersion, formatMatchSpec, isArtifactName, isMirrorError, parseMatchSpec, parseSubdirName, parseVersionSpec, readShard, readShardIndex, scanIndex } from '@mirror/core'
import { compressBzip2 } from '@mirror/test-fixtures'
import { root } from '../lib/workspace.mjs'
import { createRandom } from '../../packages/sync/test/crash/random.ts'
import { runCommand } from './catalogue/scene.mjs'
import { artifactParts } from './fuzz-artifacts.mjs'
import { deltaParts } from './fuzz-deltas.mjs'

const given = JSON.parse(process.argv[2] ?? '{}')
const { quick = true, folder, seed = 1 } = given
const random = createRandom(seed)
const load = (path) => import(pathToFileURL(join(root, path)).href)
const { readStrictJson } = await load('packages/core/test/oracle/strict-json.ts')
const { explain, VERSION_DISAGREEMENTS, VERSION_SPEC_DISAGREEMENTS } = await load('packages/core/test/oracle/disagreements.ts')
const { decodeIndex } = await load('packages/repository-client/src/decode-index.ts')
const rattler = await import(pathToFileURL(createRequire(join(root, 'packages/core/package.json')).resolve('@conda-org/rattler')).href)

const pick = (list) => list[random(list.length)]
const text = (letters, most) => Array.from({ length: random(most) }, () => pick(letters)).join('')
/** What is wrong, as a text; errors of ours with a code are an answer. */
const expectNamed = (run, allowed) => {
  try {
    run()
    return undefined
  } catch (error) {
    return isMirrorError(error) && (allowed === undefined || allowed.includes(error.code)) ? undefined : String(error?.stack ?? error)
  }
}

/** Some bytes changed, taken out, doubled, cut off, or put in. */
const mutate = (bytes) => {
  let result = Buffer.from(bytes)
  for (let count = 1 + random(3); count > 0 && result.length > 0; count -= 1) {
    const at = random(result.length)
    const change = random(6)
    if (change === 0) result[at] ^= 1 << random(8)
    else if (change === 1) result[at] = random(256)
    else if (change === 2) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + random(8))])
    else if (change === 3) result = Buffer.concat([result.subarray(0, at), result.subarray(Math.max(0, at - random(40)))])
    else if (change === 4) result = result.subarray(0, at)
    else result = Buffer.concat([result.subarray(0, at), Buffer.from(pick(TOKENS)), result.subarray(at)])
  }
  return result
}

const TOKENS = ['{', '}', '[', ']', ',', ':', '"', '\\', '\\u0000', '\\ud800', 'null', '1e999', '-', '"packages":{', '"x":1,', '\u00e9', '\0', ' ', '"size":', '{}', 'NaN', '0x']
const DIGEST = 'a'.repeat(64)
const value = (depth) => pick(depth > 3 ? [null, true, 1, 'x'] : [null, true, false, random(1000) - 500, random(1000) / 7, text(['"', '\\', '\u00e9', '\u{1F600}', 'a', '\n', '{'], 12), [1, [2]], Array.from({ length: random(4) }, () => random(9)), { deep: depth < 3 ? value(depth + 1) : 0 }])
const record = () => ({ name: text(['a', 'b', '-'], 6), size: random(1e6), sha256: DIGEST, md5: 'b'.repeat(32), depends: [text(['a', '>', '=', '1', ' '], 10)], [text(['k', '"', '\u00e9'], 5)]: value(0) })
const section = () => Object.fromEntries(Array.from({ length: random(5) }, (_, at) => [`${text(['a', 'b', '.', '+'], 8)}${at}-1-0.conda`, record()]))
const document = () => JSON.stringify({ info: { subdir: 'linux-64' }, packages: section(), 'packages.conda': section(), removed: [], [text(['x', '"'], 4)]: value(0), repodata_version: 1 }, null, pick([undefined, 1, '\t']))

const scan = (bytes) => {
  const found = []
  scanIndex(bytes, { record: (view) => { found.push([view.section, view.key(), JSON.parse(Buffer.from(view.bytes.subarray(view.start, view.end)).toString())]) } })
  return found
}

const wanted = (document_) => ['packages', 'packages.conda'].flatMap((name) => Object.entries(document_[name] ?? {}).map(([key, one]) => [name, key, one]))
const sorted = (list) => JSON.stringify(list.map((one) => JSON.stringify(one)).sort())

/** Accepts exactly what a strict reader accepts, and finds what it finds. */
const scanner = () => {
  const whole = Buffer.from(document())
  const bytes = random(4) === 0 ? whole : mutate(whole)
  const strict = readStrictJson(bytes)
  let found
  try {
    found = scan(bytes)
  } catch (error) {
    if (!isMirrorError(error)) return String(error?.stack)
    if (bytes === whole && !whole.includes('"":')) return `refuses what is right: ${error.message}: ${whole}`
    return undefined
  }
  // A document of no bytes is an index without records (CEP 36).
  if (bytes.length === 0) return found.length === 0 ? undefined : 'finds records in nothing'
  if (strict === undefined) return `accepts what is no JSON: ${bytes.toString('latin1')}`
  return sorted(found) === sorted(wanted(strict.value)) || found.some(([name]) => name.startsWith('v3')) ? undefined : `finds other records: ${bytes}`
}

const NAME_LETTERS = ['a', 'B', '0', '.', '..', '/', '\\', '_', '-', '+', '!', ' ', '\0', '\n', '%2e', ':', '\u00e9', '\u202e', '~', '.conda', '.tar.bz2', 'CON', 'nul', '$', '*']
const names = () => {
  const name = text(NAME_LETTERS, 12)
  if (!isArtifactName(name)) return undefined
  return /^\w[\w.+!-]*\.(?:conda|tar\.bz2|whl)$/.test(name) && !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name) && join('/base', name) === `/base/${name}` ? undefined : `accepts ${JSON.stringify(name)}`
}

const subdirs = () => {
  const name = text(['a', '0', '-', '_', '/', '.', 'linux', '64', '\0', 'A'], 6)
  try {
    return /^[a-z0-9]+(?:-[a-z0-9]+)?$/.test(parseSubdirName(name)) ? undefined : `accepts ${JSON.stringify(name)}`
  } catch (error) {
    return isMirrorError(error, 'SUBDIR_INVALID') ? undefined : String(error)
  }
}

/** Versions as people write them: rattler knows words such as `dev` inside of others too, where conda compares texts. */
const component = () => `${random(30)}${pick(['', '', '', 'a', 'b', 'rc', 'dev', 'post', 'alpha', 'g'])}${pick(['', '', String(random(12))])}`
const anyVersion = () => `${pick(['', '', '', '1!'])}${Array.from({ length: 1 + random(4) }, component).join(pick(['.', '.', '_']))}${pick(['', '', `+${component()}`])}`
const readTheirs = (version) => {
  try {
    return new rattler.Version(version)
  } catch {
    return undefined
  }
}

const versions = () => {
  const [left, right] = [anyVersion(), anyVersion()]
  const [ours, other, theirs, their] = [findVersion(left), findVersion(right), readTheirs(left), readTheirs(right)]
  try {
    if (ours === undefined || other === undefined || theirs === undefined || their === undefined) return undefined
    const [order, expected] = [Math.sign(compareVersions(ours, other)), theirs.compare(their)]
    const found = { spec: right, version: left, ours: String(order), theirs: String(expected) }
    return order === expected || explain(VERSION_DISAGREEMENTS, found) !== undefined ? undefined : JSON.stringify(found)
  } finally {
    theirs?.free()
    their?.free()
  }
}

const OPERATORS = ['', '=', '==', '!=', '<', '<=', '>', '>=', '~=']
const answer = (run) => {
  try {
    return run() ? '1' : '0'
  } catch (error) {
    if (error instanceof TypeError) throw error
    return 'x'
  }
}

const versionSpecs = () => {
  const clean = () => `${random(4)}.${random(4)}${pick(['', '.1', 'a1', '.dev0', 'rc1', '.post1', '_2'])}`
  const length = 1 + random(3)
  const spec = Array.from({ length }, () => `${pick(OPERATORS)}${clean()}${length === 1 ? pick(['', '', '.*']) : ''}`).join(pick([',', '|']))
  const version = clean()
  const found = askBoth(spec, version)
  if (found === undefined || found.ours === found.theirs || found.ours === 'x' || found.theirs === 'x') return undefined
  // Of several clauses, one alone may be what the two are known to read differently.
  const isKnown = spec.split(/[,|]/).some((clause) => explain(VERSION_SPEC_DISAGREEMENTS, askBoth(clause, version)) !== undefined)
  return isKnown ? undefined : JSON.stringify(found)
}

const askBoth = (spec, version) => {
  const theirs = readTheirs(version)
  if (theirs === undefined) return undefined
  try {
    return { spec, version, ours: answer(() => parseVersionSpec(spec).matches(version)), theirs: answer(() => new rattler.VersionSpec(spec, 'lenient').matches(theirs)) }
  } finally {
    theirs.free()
  }
}

const SPEC_LETTERS = ['a', 'python', ' ', '=', '==', '>=', '<', ',', '|', '[', ']', '"', "'", 'version=', 'build=', '*', '^', '$', '1.2', '3', '::', ':', '/', 'conda-forge', '(', ')', '!', '~=', '@', ';', 'if', '\\']
const matchSpecs = () => {
  const spec = text(SPEC_LETTERS, 12)
  return expectNamed(() => {
    const once = formatMatchSpec(parseMatchSpec(spec))
    const twice = formatMatchSpec(parseMatchSpec(once))
    if (once !== twice) throw new Error(`${JSON.stringify(spec)} becomes ${JSON.stringify(once)}, then ${JSON.stringify(twice)}`)
  }, ['MATCH_SPEC_INVALID'])
}

const PLAIN = Buffer.from(document())
const PACKED = { zst: zstdCompressSync(PLAIN), bz2: await compressBzip2(PLAIN) }
const SPOOL = { folder, memory: 1e8 }
const KNOWN = /^(?:BrokenEncoding|BodyTooLarge)$/

/** A damaged body is refused by name, or is by chance the packed form of an index. */
const packed = async () => {
  const variant = pick(['zst', 'bz2'])
  const bytes = mutate(PACKED[variant])
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }
  try {
    const { document: decoded } = await decodeIndex(pieces(), { subdir: parseSubdirName('linux-64'), variant, gzip: false, maximumBytes: 1e7, spool: SPOOL })
    const strict = decoded.length === 0 ? {} : readStrictJson(Buffer.from(decoded.read(0, decoded.length)))
    decoded[Symbol.dispose]()
    return strict === undefined ? `${variant}: accepts what is no JSON` : undefined
  } catch (error) {
    return isMirrorError(error) || KNOWN.test(error?.name) || KNOWN.test(error?.constructor?.name) ? undefined : `${variant}: ${error?.stack}`
  }
}

const SHARD_BYTES = Buffer.from(`83a4696e666f81a6737562646972a86c696e75782d3634a86261736575726ca0a673686172647381a161c420${'11'.repeat(32)}`, 'hex')
const shards = () => expectNamed(() => { readShardIndex(mutate(SHARD_BYTES)) }) ?? expectNamed(() => { readShard(mutate(SHARD_BYTES)) })

const EXAMPLES = join(root, 'apps/cli/test/config/examples')
const configurations = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')).map((name) => readFileSync(join(EXAMPLES, name)))
await mkdir(join(folder, 'config'), { recursive: true })
const configuration = async () => {
  writeFileSync(join(folder, 'config/x.yaml'), mutate(pick(configurations)))
  const { exitCode, stderr } = await runCommand(['config', '-f', 'x.yaml'], { cwd: join(folder, 'config') })
  if (exitCode === 0) return undefined
  return exitCode === 2 && /code: CONFIG_\w+|code: CHANNEL_INVALID|code: \w+/.test(stderr) && !stderr.includes('INTERNAL') ? undefined : `exit code ${exitCode}: ${stderr.slice(0, 600)}`
}

const PARTS = [['index scanner against JSON.parse', 4, scanner], ['artifact names', 1, names], ['subdirs', 0.5, subdirs], ['versions against rattler', 2, versions], ['version specs against rattler', 2, versionSpecs], ['match specs', 2, matchSpecs], ['zstd and bz2', 2, packed], ['shards', 1, shards], ['configurations', 1.5, configuration], ...await artifactParts(join(folder, 'artifacts'), { mutate, random }), ...await deltaParts(join(folder, 'deltas'), { mutate })]
const seconds = quick ? 25 : 250
const total = PARTS.reduce((sum, [, share]) => sum + share, 0)
const found = { points: 0, failed: 0, findings: [], notes: [] }
for (const [name, share, body] of PARTS) {
  const end = performance.now() + (seconds * 1000 * share) / total
  let runs = 0
  let failed = 0
  while (performance.now() < end && failed < 5) {
    runs += 1
    const problem = await Promise.resolve(body()).catch((error) => String(error?.stack))
    if (problem === undefined) continue
    failed += 1
    found.findings.push(`${name}: ${problem.slice(0, 700)}`)
  }
  found.points += runs
  found.failed += failed
  found.notes.push(`${name}: ${runs} runs, ${failed} faults`)
}
process.stdout.write(`${JSON.stringify({ prove: found })}\n`, () => process.exit())
