import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runBroken } from './breaks.mjs'
import { breakScenario } from './sweeps.mjs'

/** The named checks that have to see a mutant: each gets a folder, the scenarios and where they lie, and answers what is wrong. With nothing left out, nothing is. */
const sweepOf = (name, sweep) => async (folder, { find }) => {
  const broken = await breakScenario(find(name), { folder, step: 3, untilBad: true })
  return (await sweep(broken)).bad
}

/** What an apply that has to be refused did instead. `code`: how it is to be refused, before anything is written. */
const refusal = async (folder, { find, media, argvOf, prepare, code }) => {
  const w = join(folder, 'w')
  await find('conda-diff-tar --apply').prepare(w)
  await prepare?.(w)
  const ended = await runBroken(w, { type: 'none' }, () => find('conda-diff-tar --apply').runTar([...argvOf(media), '--grace', '0', join(w, 'far')], w))
  const told = ended.error === undefined ? ended.answer.told : String(ended.error)
  return [...(ended.answer?.exitCode === 1 && code.test(told) ? [] : [`ended with ${ended.answer?.exitCode}: ${told.slice(0, 200)}`]), ...(ended.operations.some(({ path }) => path.startsWith('far')) ? [`${ended.operations.length} changes were made before it was refused`] : [])]
}

const flip = (path) => {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1] ^= 1
  writeFileSync(path, bytes)
}

export const CHECKS = {
  'kills of the recorder': sweepOf('cas-sync with delta: true', (broken) => broken.sweepKills()),
  'errors of the recorder': sweepOf('cas-sync with delta: true', (broken) => broken.sweepErrors('ENOSPC')),
  'weak disk of the recorder': sweepOf('cas-sync with delta: true', (broken) => broken.sweepWeakDisk({ seed: 1, recover: 0, every: 2 })),
  'kills of --create': sweepOf('conda-diff-tar --create', (broken) => broken.sweepKills()),
  'short writes of --create': sweepOf('conda-diff-tar --create', (broken) => broken.sweepShortWrites()),
  async 'a damaged delta'(folder, { find, media }) {
    const unpacked = join(folder, 'unpacked')
    mkdirSync(unpacked)
    cpSync(join(media, 'updated'), unpacked, { recursive: true })
    flip(join(unpacked, 'linux-64', readdirSync(join(unpacked, 'linux-64')).find((name) => name.startsWith('new-'))))
    return refusal(folder, { find, media, argvOf: () => ['--apply', '-i', unpacked], code: /is damaged|other bytes|not what/ })
  },
  async 'another base'(folder, { find, media }) {
    return refusal(folder, { find, media, argvOf: () => ['--apply', '-i', join(media, 'update.tar')], prepare: (w) => find('conda-diff-tar --apply').runTar(['--apply', '-i', join(media, 'older.tar'), join(w, 'far')], w), code: /starts from another state/ })
  },
  async 'an older delta'(folder, { find, media }) {
    const prepare = async (w) => {
      for (const name of ['older.tar', 'newer.tar']) await find('conda-diff-tar --apply').runTar(['--apply', '-i', join(media, name), join(w, 'far')], w)
    }
    return refusal(folder, { find, media, argvOf: () => ['--apply', '-i', join(media, 'older.tar')], prepare, code: /older than what is there/ })
  },
  async 'a mirror that is not whole'(folder, { find, media }) {
    const prepare = async (w) => rmSync(join(w, 'far/noarch/text-1.0-0.tar.bz2'))
    return refusal(folder, { find, media, argvOf: () => ['--apply', '-i', join(media, 'update.tar')], prepare, code: /is missing or damaged/ })
  },
}
