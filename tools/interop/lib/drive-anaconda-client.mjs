// Arguments: the python of anaconda-client, an empty folder. What is asserted here was recorded from the client; the file of it that sends each call
// is named (binstar_client/…), so that a newer version can be compared. Whatever of ours uploads has to send the same.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { buildArtifacts, startV4Server } from '@mirror/test-fixtures'
import { endParts, part } from './run-parts.mjs'

const [python, folder] = process.argv.slice(2)
const execute = promisify(execFile)
const VERSION = '1.16.0'
const CONDA = 'linux-64/foo-0.1-0.conda'
const BZIP2 = 'linux-64/foo-0.1-0.tar.bz2'

const server = await startV4Server({ users: { eggs: { tokens: ['eg-1'], password: 'secret' }, team: { members: ['eggs'] } } })

// Without ANACONDA_CLIENT_FORCE_STANDALONE another package's command would run, which asks the network for more (binstar_client/scripts/cli.py, main).
const env = { PATH: process.env.PATH, HOME: folder, ANACONDA_CLIENT_FORCE_STANDALONE: '1', NO_PROXY: '*' }

/** Runs the client; resolves to its exit code and output, with the calls that it made in `server.calls`. */
const anaconda = async (...args) => {
  server.reset()
  const { code, output } = await execute(join(dirname(python), 'binstar'), args, { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error) => ({ code: error.code, output: `${error.stdout}${error.stderr}` }),
  )
  return { code, output }
}

const succeed = async (...args) => {
  const { code, output } = await anaconda(...args)
  assert.equal(code, 0, output)
  assert.deepEqual(server.refused, [])
  return output
}

/** As `succeed`, after a fault that was asked for: `reset` in `anaconda` would forget it. */
const failWith = async (fault, ...args) => {
  const started = anaconda(...args)
  server.misbehave(fault)
  const { code, output } = await started
  assert.equal(code, 1, output)
  assert.deepEqual(server.refused, [])
  return output
}

const lines = () => server.calls.map(({ method, path, status }) => `${method} ${path} ${status}`)
const sent = (kind) => server.calls.find((call) => call.kind === kind)

// binstar_client/__init__.py, Binstar.__init__: of the session, so with every call, also where there is no body.
const checkHeaders = (calls) => {
  for (const { headers, kind } of calls) {
    if (kind === 'POST storage') continue
    assert.equal(headers['user-agent'], `Anaconda-Client/${VERSION} (+https://anaconda.org)`)
    assert.equal(headers['x-binstar-api-version'], VERSION)
    assert.equal(headers['accept'], 'application/json')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['authorization'], 'token')
  }
}

// binstar_client/__init__.py, upload, and utils/multipart_uploader.py: requests.post without the session, so without any header of the API. The server's fields as
// the reply has them, then these two, then the file with its whole basename and no type.
const checkForm = (basename, bytes) => {
  const { headers, form } = sent('POST storage')
  assert.equal(headers['authorization'], undefined)
  assert.equal(headers['x-binstar-api-version'], undefined)
  assert.match(headers['user-agent'], /^python-requests\//)
  assert.equal(headers['accept'], '*/*')
  assert.match(headers['content-type'], /^multipart\/form-data; boundary=[0-9a-f]{32}$/)
  assert.ok(Number(headers['content-length']) > bytes.length)
  assert.deepEqual(form.map((field) => field.name), [
    'Content-Type', 'acl', 'key', 'policy', 'success_action_status', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature', 'x-amz-storage-class',
    'Content-Length', 'Content-MD5', 'file',
  ])
  assert.deepEqual(form.at(-1), { name: 'file', filename: basename, contentType: undefined, size: bytes.length })
  assert.ok(form.slice(0, -1).every((field) => field.filename === undefined && field.contentType === undefined))
}

const upload = async (...args) => await succeed('upload', '--no-progress', ...args)

try {
  await mkdir(join(folder, '.config', 'binstar'), { recursive: true })
  await writeFile(join(folder, '.config', 'binstar', 'config.yaml'), `default_site: fixture\nsites:\n  fixture:\n    url: ${server.url}\n`)
  const artifacts = new Map()
  for (const { fileName, bytes, sha256 } of await buildArtifacts('linux-64', { name: 'foo', version: '0.1', format: 'both', depends: ['python >=3', 'zlib'] })) {
    artifacts.set(`linux-64/${fileName}`, { bytes, sha256 })
    await writeFile(join(folder, fileName), bytes)
  }

  // commands/login.py; the token goes to a file named by the URL (utils/config.py, store_token).
  await part('login with a name and a password, whoami with the token that it stored', async () => {
    assert.match(await succeed('login', '--username', 'eggs', '--password', 'secret'), /login successful/)
    assert.deepEqual(lines(), ['HEAD / 200', 'GET /authentication-type 200', 'POST /authentications 200'])
    const { headers, body } = sent('POST authentications')
    assert.equal(headers['authorization'], 'Basic')
    assert.deepEqual(Object.keys(body), ['scopes', 'note', 'note_url', 'hostname', 'user', 'max-age', 'strength', 'fail-if-exists'])
    assert.match(body.note, /^binstar_client:fixture:[^@]+@/)
    assert.equal(body['fail-if-exists'], true)
    assert.ok((await readFile(join(folder, '.config', 'binstar', `${encodeURIComponent(server.url)}.token`), 'utf8')).startsWith('eg-'))
    assert.match(await succeed('whoami'), /Username: eggs\nMember since: Mon Jun/)
    assert.deepEqual(lines(), ['GET /user 200'])
  })

  // commands/whoami.py: 401 is an anonymous user, and no failure.
  await part('a token that is given goes before the stored one; one that is no good is an anonymous user', async () => {
    assert.match(await succeed('-t', 'eg-1', 'whoami'), /Username: eggs/)
    assert.match(await succeed('-t', 'nope', 'whoami'), /Anonymous User/)
    assert.deepEqual(lines(), ['GET /user 401'])
  })

  // commands/upload.py: _dotorg_upload, upload_package, get_package, get_release, _upload_file.
  await part('a .conda of a new package: the order of calls, their headers, bodies and fields', async () => {
    assert.match(await upload('foo-0.1-0.conda'), /Upload complete/)
    assert.deepEqual(lines(), [
      'HEAD / 200',
      'GET /user 200',
      `GET /dist/eggs/foo/0.1/${CONDA} 404`,
      'GET /package/eggs/foo 404',
      'POST /package/eggs/foo 200',
      'GET /release/eggs/foo/0.1 404',
      'POST /release/eggs/foo/0.1 200',
      `POST /stage/eggs/foo/0.1/${CONDA} 200`,
      'POST /storage 201',
      `POST /commit/eggs/foo/0.1/${CONDA} 200`,
    ])
    checkHeaders(server.calls)
    checkForm(CONDA, artifacts.get(CONDA).bytes)
    assert.equal(JSON.stringify(sent('POST package').body), JSON.stringify({
      public: true,
      publish: false,
      public_attrs: {
        name: 'foo', summary: 'Fixture foo', description: '', license: { name: 'BSD-3-Clause', url: null, family: null }, license_url: null, license_family: null,
        dev_url: null, doc_url: null, home: null, source_git_url: null, package_types: ['conda'],
      },
    }))
    assert.equal(JSON.stringify(sent('POST release').body), JSON.stringify({
      requirements: [], announce: null, description: '', version: '0.1', home_page: null, summary: 'Fixture foo', dev_url: null, doc_url: null, home: null,
      source_git_url: null, source_git_tag: null, icon: null, license: 'BSD-3-Clause', license_url: null, license_family: null,
    }))
    // inspect_package/conda.py: five computed keys, then index.json in its own order without name and version; no arch and no platform there is "None" here.
    assert.equal(JSON.stringify(sent('POST stage').body), JSON.stringify({
      distribution_type: 'conda',
      description: null,
      attrs: {
        'operatingsystem': null, 'machine': null, 'target-triplet': 'None-any-None', 'has_prefix': false, 'subdir': 'linux-64', 'build': '0', 'build_number': 0,
        'depends': ['python >=3', 'zlib'], 'license': 'BSD-3-Clause', 'timestamp': 1_705_276_800_000,
      },
      dependencies: { depends: [{ name: 'python', specs: [['>=', '3']] }, { name: 'zlib', specs: [] }] },
      channels: [],
      sha256: artifacts.get(CONDA).sha256,
    }))
    assert.deepEqual(Object.keys(sent('POST commit').body), ['dist_id'])
  })

  await part('a .tar.bz2 of the same release, with labels', async () => {
    await upload('--label', 'dev', '--label', 'main', 'foo-0.1-0.tar.bz2')
    assert.deepEqual(lines(), [
      'HEAD / 200',
      'GET /user 200',
      `GET /dist/eggs/foo/0.1/${BZIP2} 404`,
      'GET /package/eggs/foo 200',
      'GET /release/eggs/foo/0.1 200',
      `POST /stage/eggs/foo/0.1/${BZIP2} 200`,
      'POST /storage 201',
      `POST /commit/eggs/foo/0.1/${BZIP2} 200`,
    ])
    checkForm(BZIP2, artifacts.get(BZIP2).bytes)
    assert.deepEqual(sent('POST stage').body.channels, ['dev', 'main'])
  })

  await part('what arrived is a channel, byte for byte', async () => {
    const index = await (await fetch(`${server.channelUrl('eggs')}linux-64/repodata.json`)).json()
    for (const [basename, { bytes, sha256 }] of artifacts) {
      assert.ok(Buffer.from(await (await fetch(`${server.channelUrl('eggs')}${basename}`)).arrayBuffer()).equals(bytes), basename)
      const section = basename.endsWith('.conda') ? 'packages.conda' : 'packages'
      assert.equal(index[section][basename.slice('linux-64/'.length)].sha256, sha256)
    }
  })

  // commands/upload.py, _check_file: the file is looked for by name alone, its hash is not compared.
  await part('a file that is there: an error, skipped, or replaced', async () => {
    const { code, output } = await anaconda('upload', 'foo-0.1-0.conda')
    assert.equal(code, 1)
    assert.match(output, /Distribution already exists\. Please use the -i\/--interactive or --force or --skip options/)
    const looked = ['HEAD / 200', 'GET /user 200', `GET /dist/eggs/foo/0.1/${CONDA} 200`]
    assert.deepEqual(lines(), looked)
    assert.match(await upload('--skip-existing', 'foo-0.1-0.conda'), /Distribution already exists\. Skipping upload\./)
    assert.deepEqual(lines(), looked)
    assert.match(await upload('--force', 'foo-0.1-0.conda'), /already exists\. Removing\./)
    assert.deepEqual(lines(), [
      ...looked,
      `DELETE /dist/eggs/foo/0.1/${CONDA} 200`,
      'GET /package/eggs/foo 200',
      'GET /release/eggs/foo/0.1 200',
      `POST /stage/eggs/foo/0.1/${CONDA} 200`,
      'POST /storage 201',
      `POST /commit/eggs/foo/0.1/${CONDA} 200`,
    ])
  })

  // commands/show.py
  await part('show: a user, a package, a release, a file', async () => {
    assert.match(await succeed('show', 'eggs'), /eggs\/foo +\| +0\.1 \| public/)
    assert.deepEqual(lines(), ['GET /user/eggs 200', 'GET /packages/eggs 200', 'GET /users/eggs/orgs 200'])
    assert.match(await succeed('show', 'eggs/foo'), /Name: {4}foo\nSummary: Fixture foo\nAccess: {2}public/)
    assert.match(await succeed('show', 'eggs/foo/0.1'), new RegExp(` {3}\\+ ${CONDA}`))
    assert.match(await succeed('show', `eggs/foo/0.1/${CONDA}`), new RegExp(`sha256 +: '${artifacts.get(CONDA).sha256}'`))
    assert.deepEqual(lines(), [`GET /dist/eggs/foo/0.1/${CONDA} 200`])
  })

  // commands/channel.py, mixins/channels.py: everything but reading is 201.
  await part('labels: list, copy, show, lock, unlock, remove', async () => {
    assert.match(await succeed('label', '--list'), /\+ dev \n \+ main /)
    assert.deepEqual(lines(), ['GET /user 200', 'GET /channels/eggs 200'])
    await succeed('label', '--organization', 'eggs', '--copy', 'dev', 'test')
    assert.deepEqual(lines(), ['POST /channels/eggs/dev/copy/test 201'])
    assert.match(await succeed('label', '--show', 'test'), new RegExp(`eggs/foo/0\\.1/${BZIP2}`))
    await succeed('label', '-o', 'eggs', '--lock', 'test')
    assert.deepEqual(lines(), ['POST /channels/eggs/test/lock 201'])
    await succeed('label', '-o', 'eggs', '--unlock', 'test')
    assert.deepEqual(lines(), ['DELETE /channels/eggs/test/lock 201'])
    await succeed('label', '-o', 'eggs', '--remove', 'test')
    assert.deepEqual(lines(), ['DELETE /channels/eggs/test 201'])
    assert.deepEqual(sent('DELETE channels').body, { package: null, version: null, basename: null })
    assert.deepEqual(server.files('eggs').map((file) => file.labels).toSorted((a, b) => a.length - b.length), [['main'], ['dev', 'main']])
  })

  await part('a private package of an organisation', async () => {
    await upload('--private', '--user', 'team', 'foo-0.1-0.conda')
    assert.equal(lines()[1], 'GET /user/team 200')
    assert.equal(sent('POST package').body.public, false)
    assert.equal((await fetch(`${server.channelUrl('team')}${CONDA}`)).status, 404)
    assert.equal((await fetch(`${server.channelUrl('team', { token: 'eg-1' })}${CONDA}`)).status, 200)
  })

  // commands/remove.py: DELETE /dist must be 200, the others 201.
  await part('remove: a file, a release, a package', async () => {
    await succeed('remove', '--force', `eggs/foo/0.1/${CONDA}`)
    assert.deepEqual(lines(), [`DELETE /dist/eggs/foo/0.1/${CONDA} 200`])
    await succeed('remove', '--force', 'eggs/foo/0.1')
    assert.deepEqual(lines(), ['DELETE /release/eggs/foo/0.1 201'])
    await succeed('remove', '--force', 'team/foo', 'eggs/foo')
    assert.deepEqual(lines(), ['DELETE /package/team/foo 201', 'DELETE /package/eggs/foo 201'])
    assert.deepEqual(server.packages('eggs'), {})
  })

  // commands/upload.py, cleanup: only what this run made and what is still empty.
  await part('after an upload that failed, it removes the empty release and package that it made', async () => {
    const output = await failWith({ kind: 'POST stage', fault: { do: 'status', status: 503, error: 'later' } }, 'upload', 'foo-0.1-0.conda')
    assert.match(output, /Removing empty "foo\/0\.1" release after failed upload/)
    assert.deepEqual(lines().slice(-5), [
      `POST /stage/eggs/foo/0.1/${CONDA} 503`,
      'GET /release/eggs/foo/0.1 200',
      'DELETE /release/eggs/foo/0.1 201',
      'GET /package/eggs/foo 200',
      'DELETE /package/eggs/foo 201',
    ])
  })

  await part('logout', async () => {
    await succeed('logout')
    assert.deepEqual(lines(), ['DELETE /authentications 201'])
  })
} finally {
  await server.close()
}
endParts()
