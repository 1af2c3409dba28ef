import fc from 'fast-check'
import { test } from 'vitest'
import { type ConfigTree, findValue, mergeConfig } from '../../../src/config/target/merge-config.ts'

const key = fc.constantFrom('a', 'b', 'c', '__proto__')
const { tree } = fc.letrec<{ tree: ConfigTree; value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<unknown>(1, 'x', false, null, [1]), tie('tree')),
  tree: fc.uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => name, maxLength: 4 }).map((entries) => Object.fromEntries<unknown>(entries)),
}))

function leaves(of: unknown, path: readonly string[] = []): readonly { readonly path: readonly string[]; readonly value: unknown }[] {
  if (typeof of !== 'object' || of === null || Array.isArray(of)) return [{ path, value: of }]
  return Object.entries(of).flatMap(([name, value]) => leaves(value, [...path, name]))
}

test('mergeConfig() merges mappings at any depth, and the later one has the last word', ({ expect }) => {
  expect(mergeConfig({ sites: { a: { url: 'x', ssl_verify: true } }, url: 'x' }, { sites: { a: { url: 'y' }, b: { url: 'z' } }, url: null })).toEqual({
    sites: { a: { url: 'y', ssl_verify: true }, b: { url: 'z' } },
    url: null,
  })
  expect(mergeConfig({ sites: { a: { url: 'x' } }, list: [1] }, { sites: null, list: [2] })).toEqual({ sites: { a: { url: 'x' } }, list: [2] })
})

test('mergeConfig() has every leaf of the later one, and of the earlier one what the later one does not touch', ({ expect }) => {
  fc.assert(
    fc.property(tree, tree, (base, over) => {
      const merged = mergeConfig(base, over)
      for (const { path, value } of leaves(over)) {
        const before = findValue(base, path)?.value
        const isLeftEmpty = value === null && typeof before === 'object' && before !== null && !Array.isArray(before)
        expect(findValue(merged, path)?.value).toEqual(isLeftEmpty ? before : value)
      }
      for (const { path, value } of leaves(base)) {
        const isTouched = path.some((_, length) => { const found = findValue(over, path.slice(0, length + 1)); return found !== undefined && (typeof found.value !== 'object' || found.value === null || Array.isArray(found.value)) })
        if (!isTouched && findValue(over, path) === undefined) expect(findValue(merged, path)).toEqual({ value })
      }
      expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    }),
  )
})

test('mergeConfig() is the same for nothing, and for the same again', ({ expect }) => {
  fc.assert(
    fc.property(tree, tree, (base, over) => {
      expect(mergeConfig(base, {})).toEqual(base)
      expect(mergeConfig(mergeConfig(base, over), over)).toEqual(mergeConfig(base, over))
    }),
  )
})
