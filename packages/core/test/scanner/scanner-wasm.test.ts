import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SCANNER_WASM } from '../../src/scanner/scanner-wasm.ts'

it('src/scanner/scanner-wasm.ts is what the compiler makes of assembly/index-scanner.ts now', () => {
  expect(() => execFileSync(process.execPath, [join(import.meta.dirname, '../../scripts/build-wasm.mjs'), '--check'], { stdio: 'pipe' })).not.toThrow()
}, 60_000)

it('src/scanner/scanner-wasm.ts is a WebAssembly module', () => {
  expect(Buffer.from(SCANNER_WASM, 'base64').subarray(0, 8).toString('hex')).toBe('0061736d01000000')
})
