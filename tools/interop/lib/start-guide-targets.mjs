import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startArtifactoryServer, startPrefixServer, startServer6, startV4Server } from '@mirror/test-fixtures'
import { startQuetz } from './start-quetz.mjs'

/**
 * The servers that docs/guide/upload.md uploads to, each with a channel or account `team`: a real quetz, and the doubles of the others. `place(text)` puts their addresses, and the key of quetz, where the guide has examples; `check()`
 * throws unless each was given something, and nothing that it refused.
 */
export const startGuideTargets = async (quetzPython, folder) => {
  await mkdir(join(folder, 'quetz'), { recursive: true })
  const quetz = await startQuetz(quetzPython, join(folder, 'quetz'))
  const [key] = quetz.keys
  const { status } = await fetch(`${quetz.url}/api/channels`, { method: 'POST', headers: { 'x-api-key': key, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'team', private: false }) })
  assert.equal(status, 201)
  const repository = await startV4Server({ users: { team: { members: ['admin'] }, admin: { tokens: ['ab-repository-token'] } } })
  const team = (writer) => ({ channels: { team: { writers: [writer] } } })
  const [server6, prefix, artifactory] = await Promise.all([startServer6(team('server6-key')), startPrefixServer(team('prefix-key')), startArtifactoryServer(team('artifactory-token'))])
  const places = {
    'https://repository.example.org/api': repository.url, 'https://server6.example.org': server6.url, 'https://prefix.example.org': prefix.url, 'https://artifactory.example.org': artifactory.url,
    'https://quetz.example.org': quetz.url, 'quetz-key': key,
  }
  return {
    place: (text) => Object.entries(places).reduce((all, [example, real]) => all.replaceAll(example, real), text),
    async check() {
      for (const [name, double] of Object.entries({ repository, server6, prefix, artifactory })) {
        assert.deepEqual(double.refused.map(({ method, path, refusal }) => `${name}: ${method} ${path}: ${refusal}`), [])
        assert.ok(double.files('team').length > 0, `nothing was uploaded to the double of ${name}`)
      }
      const packages = await (await fetch(`${quetz.url}/api/channels/team/packages`, { headers: { 'x-api-key': key } })).json()
      assert.ok(packages.length > 0, 'nothing was uploaded to quetz')
    },
    async stop() {
      await Promise.all([repository, server6, prefix, artifactory].map((double) => double.close()))
      await quetz.stop()
    },
  }
}
