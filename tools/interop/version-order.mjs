// Our order of versions against rattler's, over versions that are easily got wrong.
import assert from 'node:assert/strict'
import { compareVersions, parseVersion } from '@mirror/core'

export const name = 'versions are ordered as rattler orders them'
export const needs = ['python']

const versions = [
  '0.4', '0.4.0', '0.4.1.rc', '0.4.1.RC', '0.4.1', '0.5a1', '0.5b3', '0.5C1', '0.5', '0.9.6', '0.960923', '1.0', '1.1dev1', '1.1_', '1.1a1', '1.1.0dev1',
  '1.1.dev1', '1.1.a1', '1.1.0rc1', '1.1.0', '1.1', '1.1.0post1', '1.1.post1', '1.1post1', '1.1.0+local', '1.1.0+1', '1996.07.12', '1!0.4.1', '1!3.1.1.6', '2!0.4.1',
]

const program = `
import json, sys
from rattler import Version
versions = [Version(text) for text in json.loads(sys.argv[1])]
print(json.dumps([[(one > other) - (one < other) for other in versions] for one in versions]))
`

const ours = (one, other) => Math.sign(compareVersions(parseVersion(one), parseVersion(other)))

export const run = async (context) => {
  const theirs = JSON.parse(await context.run(context.tools.python, ['-c', program, JSON.stringify(versions)]))
  const differences = versions.flatMap((one, row) => versions.flatMap((other, column) => (ours(one, other) === theirs[row][column] ? [] : [`${one} and ${other}`])))
  assert.deepEqual(differences, [])
}
