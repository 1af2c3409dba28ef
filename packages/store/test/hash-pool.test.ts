import { hash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { checkBatch, type HashBatch, OUTCOMES } from '../src/hash-batch.ts'
import { createHashPool } from '../src/hash-pool.ts'

let folder = ''

beforeAll(() => {
  folder = fs.mkdtempSync(join(os.tmpdir(), 'store-hash-'))
  for (let index = 0; index < 8; index += 1) fs.writeFileSync(join(folder, String(index)), `bytes ${index}`)
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** So many files; of each eight there is one that is missing, one of another size and one with other bytes. */
function createBatch(count: number): HashBatch {
  const numbers = Array.from({ length: count }, (_, index) => index % 8)
  return {
    paths: numbers.map((number) => join(folder, number === 1 ? 'none' : String(number))),
    digests: numbers.map((number) => `sha256:${hash('sha256', number === 2 ? 'others' : `bytes ${number}`)}`),
    sizes: numbers.map((number) => (number === 3 ? 8 : 7)),
  }
}

function countThreads(): { readonly started: () => number } {
  let started = 0
  const count = (): void => { started += 1 }
  process.on('worker', count)
  onTestFinished(() => void process.off('worker', count))
  return { started: () => started }
}

test('a pool starts no thread for a few files', async () => {
  const threads = countThreads()
  await using pool = createHashPool(3)
  expect([...await pool.check(createBatch(8))].map((answer) => OUTCOMES[answer])).toEqual(['right', 'missing', 'digest', 'size', 'right', 'right', 'right', 'right'])
  expect(threads.started()).toBe(0)
})

test.for([['many files', createBatch], ['large files', (count: number): HashBatch => ({ ...createBatch(count), sizes: Array.from({ length: count }, () => 64 * 1024 * 1024) })]] as const)(
  'threads of a pool answer as one alone does, of %s', async ([name, create]) => {
    const threads = countThreads()
    const batch = create(name === 'many files' ? 256 : 8)
    await using pool = createHashPool(3)
    const answers = await Promise.all(Array.from({ length: 8 }, () => pool.check(batch)))
    expect(answers.map((answer) => [...answer])).toEqual(Array.from({ length: 8 }, () => [...checkBatch(batch)]))
    expect(threads.started()).toBe(2)
  })

test('a pool of one starts no thread, however much there is to do', async () => {
  const threads = countThreads()
  await using pool = createHashPool(1)
  await pool.check(createBatch(2048))
  expect(threads.started()).toBe(0)
})
