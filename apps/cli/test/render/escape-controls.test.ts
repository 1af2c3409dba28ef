import { test } from 'vitest'
import { escapeControls } from '../../src/render/escape-controls.ts'
import { formatJsonLine } from '../../src/render/render-json.ts'

test('escapeControls() shows what a terminal would act on, hide or turn around, and leaves text alone', ({ expect }) => {
  expect(escapeControls('a\u007Fb\u202Ec\u001B[2Jd\u200Be\u0000')).toBe('a\\u007fb\\u202ec\\u001b[2Jd\\u200be\\u0000')
  expect(escapeControls('Grüße, 日本\tand a\nline')).toBe('Grüße, 日本\tand a\nline')
})

test('formatJsonLine() escapes them so that the value stays the same', ({ expect }) => {
  const name = 'a\u007Fb\u202Ec\uFEFF'
  const line = formatJsonLine({ type: 'x', name }, 0)
  expect(line).not.toMatch(/[\u007F\u202E\uFEFF]/)
  expect(JSON.parse(line)).toMatchObject({ name })
})
