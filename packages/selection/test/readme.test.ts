import { resolve } from 'node:path'
import { runExample } from '@mirror/test-fixtures'
import { expect, it } from 'vitest'

it('the example of the README prints what it says', async () => {
  const run = await runExample(resolve(import.meta.dirname, '..'))
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout.replace(/\s+/g, ' ')).toContain("linux-64 [ { rule: 'license_blacklist', records: 1, bytes: 1000 }, { rule: 'exclude', records: 1, bytes: 1000 } ]")
  expect(run.stdout).toContain("false exclude [ 'app-1.0-0.conda needs lib >=2' ]")
})
