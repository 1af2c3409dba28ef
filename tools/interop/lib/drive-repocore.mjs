// Arguments: the python of anaconda-client, an empty folder. Uploads the same artifacts with its client for repocore and with our target, each to a double of its own, and compares what they were sent.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createDigest, Secret } from '@mirror/core'
import { createUploadTarget } from '@mirror/repository-client'
import { buildArtifacts, startServer6 } from '@mirror/test-fixtures'
import { endParts, part } from './run-parts.mjs'

const [python, folder] = process.argv.slice(2)
const execute = promisify(execFile)
const KEY = 'key-1'

const make = async (subdir, description) => {
  const [{ fileName, bytes, size, md5, sha256 }] = await buildArtifacts(subdir, description)
  const path = join(folder, fileName)
  await writeFile(path, bytes)
  return { path, sha256, md5, artifact: { subdir, name: fileName, size, digest: createDigest('sha256', sha256) } }
}
const artifacts = [await make('linux-64', { name: 'foo', version: '1!2.0+local', size: 300_000 }), await make('noarch', { name: 'bar', format: 'tar.bz2' })]

const start = async () => await startServer6({ channels: { 'eggs/spam': { writers: [KEY] }, 'eggs': { writers: [KEY] } }, generation: 'repocore' })
const client = async (server, channel, { key = KEY, action = ['upload', ...artifacts.map(({ path }) => path)] } = {}) => {
  const env = { PATH: process.env.PATH, HOME: folder, ANACONDA_AUTH_API_KEY: key, NO_PROXY: '*' }
  return await execute(python, [fileURLToPath(new URL('upload-to-repocore.py', import.meta.url)), server.url, channel, ...action], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }), (error) => ({ code: error.code, output: `${error.stdout}${error.stderr}` }),
  )
}

const openTarget = (server, channel) => createUploadTarget({
  kind: 'anaconda6', url: `${server.url}/api/repo`, channel, credential: { type: 'token', token: new Secret(KEY) }, loginHint: '', retry: { tries: 1 },
})

/** What a call is, without what each sends by its nature in another way: who it is, and how it is encoded. */
const wordsOf = ({ method, path, headers, form, body }) => ({ method, path, authorization: headers.authorization, form, body })
const callsOf = ({ calls }, kinds) => calls.filter(({ kind }) => kinds.includes(kind)).map(wordsOf)
const KINDS = ['GET account', 'GET channels', 'POST artifacts']

for (const channel of ['eggs', 'eggs/spam']) {
  await using theirs = await start()
  await using ours = await start()

  await part(`${channel}: the double takes what the real client sends, and knows all of it`, async () => {
    const { code, output } = await client(theirs, channel)
    assert.deepEqual([code, theirs.refused], [0, []], output)
    assert.deepEqual(theirs.files(channel).map(({ sha256 }) => sha256), artifacts.map(({ sha256 }) => sha256))
  })

  await part(`${channel}: we send the same`, async () => {
    await using target = openTarget(ours, channel)
    await target.check()
    for (const made of artifacts) {
      await using file = await open(made.path)
      assert.deepEqual(await target.upload({ ...made, file }), { status: 'uploaded' })
    }
    assert.deepEqual(callsOf(ours, KINDS), callsOf(theirs, KINDS))
    assert.deepEqual(ours.refused, [])
  })

  await part(`${channel}: so it does and we do for a removal`, async () => {
    theirs.reset()
    ours.reset()
    const [{ artifact }] = artifacts
    const { code, output } = await client(theirs, channel, { action: ['remove', 'foo', `${artifact.subdir}/${artifact.name}`] })
    assert.deepEqual([code, theirs.refused], [0, []], output)
    await using target = openTarget(ours, channel)
    assert.equal(await target.remove(artifact), 'removed')
    assert.deepEqual([...new Set(callsOf(ours, ['GET files', 'PUT bulk']).map((call) => JSON.stringify(call)))], callsOf(theirs, ['GET files', 'PUT bulk']).map((call) => JSON.stringify(call)))
    assert.deepEqual([theirs.files(channel).length, ours.files(channel).length], [1, 1])
  })

  await part(`${channel}: a name that is taken, and a key that is no good`, async () => {
    assert.notEqual((await client(theirs, channel)).code, 0)
    assert.deepEqual(theirs.calls.at(-1)?.status, 409)
    assert.notEqual((await client(theirs, channel, { key: 'nobody' })).code, 0)
    assert.deepEqual([theirs.calls.at(-1)?.status, theirs.refused], [401, []])
  })
}

endParts()
