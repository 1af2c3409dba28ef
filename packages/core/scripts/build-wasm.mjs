// Compiles assembly/index-scanner.ts and embeds the result in src/scanner/scanner-wasm.ts. `--check` compares instead of writing.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(dirname(fileURLToPath(import.meta.url)))
const target = join(folder, 'src/scanner/scanner-wasm.ts')
const compiler = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js')
const work = mkdtempSync(join(tmpdir(), 'build-wasm-'))

function compile() {
  const output = join(work, 'scanner.wasm')
  execFileSync(process.execPath, [
    compiler, join(folder, 'assembly/index-scanner.ts'), '--outFile', output, '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert',
    '--runtime', 'stub', '--importMemory', '--memoryBase', '16', '--enable', 'simd', '--use', 'abort=',
  ], { stdio: 'inherit' })
  return readFileSync(output)
}

function render(bytes) {
  const lines = bytes.toString('base64').match(/.{1,120}/g) ?? []
  return [
    '// Made by scripts/build-wasm.mjs from assembly/index-scanner.ts. Do not edit.',
    '',
    '/** The compiled scanner, in base64. */',
    'export const SCANNER_WASM: string = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('')",
    '',
  ].join('\n')
}

try {
  const text = render(compile())
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (text !== readFileSync(target, 'utf8')) {
    process.stderr.write('src/scanner/scanner-wasm.ts is not what assembly/index-scanner.ts makes now: run `npm run build:wasm`\n')
    process.exitCode = 1
  }
} finally {
  rmSync(work, { recursive: true })
}
