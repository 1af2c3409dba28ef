import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

test('the code of the README runs, and publishes', ({ expect }) => {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'store-readme-'))
  try {
    const readme = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const script = `const root = ${JSON.stringify(join(folder, 'channel'))}\n${code}\nconsole.log(result.status, listed.count)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout).toBe('committed 1\n')
    expect(fs.readFileSync(join(folder, 'channel/noarch/tiny-1.0-0.conda'), 'utf8')).toBe('not really an archive')
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
