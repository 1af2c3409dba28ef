import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { parseLines, test } from './support.ts'

const LINE = /^ci sha256:[0-9a-f]{64}$/m
const NOW = Date.parse('2026-06-15T12:00:00Z')

describe('mirror token new', () => {
  test('shows the token and the line for the file', async ({ expect, run }) => {
    const { exitCode, stdout, stderr } = await run(['token', 'new', 'ci'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^mirror-[0-9a-f]{40}\n\nThis is the token; it is shown this once\.\nThe line for the file of tokens:\n\nci sha256:[0-9a-f]{64}\n$/)
  })

  test('adds the line to a file, below what stands there, and makes one that others cannot read', async ({ expect, folder, run }) => {
    const path = join(folder, 'tokens')
    expect(await run(['token', 'new', 'ci', '--tokens', 'tokens'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`Its line was added to ${path}.`) as unknown })
    expect(statSync(path).mode & 0o777).toBe(0o640)
    writeFileSync(path, `# ours\n${readFileSync(path, 'utf8').trimEnd()}`)
    await run(['token', 'new', 'guest', '--tokens', 'tokens', '--for', 'conda-forge', '--for', 'team-*', '--expires', '90d'], { now: () => NOW })
    expect(readFileSync(path, 'utf8')).toMatch(/^# ours\nci sha256:[0-9a-f]{64}\nguest sha256:[0-9a-f]{64} channels=conda-forge,team-\* expires=2026-09-13\n$/)
  })

  test('for programs: --quiet prints the token alone where the line went into a file, --json all of it', async ({ expect, folder, run }) => {
    expect((await run(['token', 'new', 'ci', '-q', '--tokens', 'tokens'])).stdout).toMatch(/^mirror-[0-9a-f]{40}\n$/)
    expect((await run(['token', 'new', 'ci', '-q'])).stdout).toMatch(/^mirror-[0-9a-f]{40}\nci sha256:[0-9a-f]{64}\n$/)
    const [result] = parseLines((await run(['token', 'new', 'ci', '--json', '--expires', '2026-06-15'], { now: () => NOW })).stdout)
    expect(result).toMatchObject({ type: 'result', exitCode: 0, token: expect.stringMatching(/^mirror-/) as unknown, line: expect.stringMatching(/ expires=2026-06-15$/) as unknown })
    expect(readFileSync(join(folder, 'tokens'), 'utf8')).toMatch(LINE)
  })

  test.for([
    [['c i'], 'cannot be the name of a token'], [['ci', '--for', '../x'], 'cannot be the folder of a channel'], [['ci', '--for', 'a,b'], 'cannot be the folder'], [['ci', '--expires', 'soon'], 'neither a day nor a duration'],
    [['ci', '--expires', '2026-02-30'], 'neither a day nor a duration'], [['ci', '--expires', '2026-06-14'], 'is over already'],
  ] as const)('refuses %j, and makes nothing', async ([words, reason], { expect, folder, run }) => {
    expect(await run(['token', 'new', ...words, '--tokens', 'tokens'], { now: () => NOW })).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(new RegExp(`${reason}[^]*code: USAGE`)) as unknown })
    expect(existsSync(join(folder, 'tokens'))).toBe(false)
  })

  test('a file that cannot be written is an error, and no token is shown', async ({ expect, run }) => {
    expect(await run(['token', 'new', 'ci', '--tokens', 'none/tokens'])).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/Cannot write the file of tokens "none\/tokens": ENOENT[^]*code: CONFIG_UNWRITABLE/) as unknown })
  })
})
