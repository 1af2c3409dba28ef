import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { steady, test } from './support.ts'

const THEIRS = 'upstream_channel: conda-forge\ntarget_directory: ./mirrors/forge\nplatform: linux-64\nblacklist:\n  - license: "*agpl*"\n'

test('mirror config prints what holds, and tells what is odd on stderr', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'mirror.yaml'), 'channels: ["https://a.example/t/tk-secret/x"]\nwhitelist: [readline]\npython_versions: [3.10]\n')
  const { exitCode, stdout, stderr } = await run(['config', '-f', 'mirror.yaml'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('python_versions:\n  - "3.10"\n')
  expect(stdout).not.toContain('tk-secret')
  expect(stderr).toContain('warning: mirror.yaml:2: "whitelist" alone has no effect')
  expect(await run(['config', 'show', '-f', 'mirror.yaml'])).toEqual({ exitCode, stdout, stderr })
  expect((await run(['-f', 'mirror.yaml', '--show'], { program: 'cas-sync' })).stdout).toBe(stdout)
  expect((await run(['-f', 'mirror.yaml', '--config', '--show-secrets'], { program: 'cas-sync' })).stdout).toContain('tk-secret')
})

test('mirror config fails on a bad file, and on one in which a secret was hidden', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'bad.yaml'), 'latest: many\n')
  expect(await run(['config', '-f', 'bad.yaml'])).toMatchObject({ exitCode: 2, stdout: '' })
  expect((await run(['-f', 'bad.yaml', '--config'], { program: 'cas-sync' })).exitCode).toBe(2)
  await writeFile(join(folder, 'mirror.yaml'), 'channels: ["https://a.example/t/tk-secret/x"]\n')
  await writeFile(join(folder, 'hidden.yaml'), (await run(['config', '-f', 'mirror.yaml'])).stdout)
  const { exitCode, stderr } = await run(['config', '-f', 'hidden.yaml'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('has *** where a secret was hidden when this file was printed')
})

test('mirror config import prints a configuration that can be used', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'theirs.yaml'), THEIRS)
  const { exitCode, stdout, stderr } = await run(['config', 'import', 'theirs.yaml'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  await writeFile(join(folder, 'ours.yaml'), stdout)
  const shown = await run(['config', '-f', 'ours.yaml'])
  expect(shown.exitCode).toBe(0)
  expect(steady(shown.stdout, folder)).toContain('mirror_dir: <folder>/mirrors\nchannels:\n  - url: https://conda.anaconda.org/conda-forge\n    path: forge\n')
  expect(shown.stdout).toContain('exclude:\n  - "*[license=\'*agpl*\']"\n')
})

test('mirror config import tells what it left out, and ends with 3', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'theirs.yaml'), `${THEIRS}  - arch: x86_64\nmax_packages: 7\n`)
  const { exitCode, stdout, stderr } = await run(['config', 'import', 'theirs.yaml', '--from', 'conda-mirror'])
  expect(exitCode).toBe(3)
  expect(stdout).toContain('# - theirs.yaml:6: {"arch":"x86_64"} of "blacklist": match specs have no field "arch".\n')
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringContaining('left out: theirs.yaml:6: {"arch":"x86_64"} of'),
    expect.stringContaining('left out: theirs.yaml:7: "max_packages"'),
  ])
})

test('mirror config import says when what it made needs more', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'theirs.yaml'), 'upstream_channel: https://a.example/x?y\ntarget_directory: /srv/m/\nplatform: linux-64\n')
  const { exitCode, stderr } = await run(['config', 'import', 'theirs.yaml'])
  expect(exitCode).toBe(3)
  expect(stderr).toContain('warning: what was imported needs more before it can be used. Cannot use the configuration:')
})

test('mirror config import --output writes a new file, which others cannot read when there is a secret in it', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'theirs.yaml'), THEIRS.replace('conda-forge', 'https://a.example/t/tk-secret/forge'))
  expect(await run(['config', 'import', 'theirs.yaml', '--output', 'ours.yaml'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(await readFile(join(folder, 'ours.yaml'), 'utf8')).toContain('https://a.example/t/tk-secret/forge')
  expect((await stat(join(folder, 'ours.yaml'))).mode & 0o777).toBe(0o600)
  expect(await run(['config', 'import', 'theirs.yaml', '--output', 'ours.yaml'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('code: CONFIG_UNWRITABLE') })
})

test.for([
  [['config', 'import'], 'there is no configuration to import'],
  [['config', 'import', 'absent.yaml'], 'there is no such file'],
  [['config', 'import', 'theirs.yaml', '--from', 'mamba'], '"mamba" is not a tool whose configuration can be imported'],
  [['config', 'export'], 'action is one of'],
] as const)('mirror %j is refused', async ([argv, what], { folder, run, expect }) => {
  await writeFile(join(folder, 'theirs.yaml'), THEIRS)
  const { exitCode, stderr } = await run(argv)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(what)
})

test('verbose in the configuration sets how much is told, and flags win over it', async ({ folder, run, expect }) => {
  await writeFile(join(folder, 'mirror.yaml'), 'mirror_dir: m\nchannels: [./absent]\nfetch_installers: false\nverbose: 0\nunknown_to_everyone: 1\n')
  const quiet = await run(['plan', '-f', 'mirror.yaml'])
  const told = await run(['plan', '-f', 'mirror.yaml', '-v'])
  expect(told.stderr.length).toBeGreaterThan(quiet.stderr.length)
})
