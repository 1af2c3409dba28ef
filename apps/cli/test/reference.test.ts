import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { createReferencePages, readAllErrorCodes, readAllEvents, readErrorCodes, readEvents } from '../scripts/reference-pages.ts'
import { COMMANDS, formatCommand } from '../src/command-line/flags.ts'
import { CAS_SYNC_FLAGS } from '../src/command-line/front-doors.ts'
import { readableKeys } from '../src/config/config-file.ts'
import { KEYS } from '../src/config/keys.ts'
import { ERROR_TABLE, exitOfCode } from '../src/errors/error-table.ts'
import { EXIT_MEANINGS, EXIT_ORDER } from '../src/errors/exit-codes.ts'
import { EVENT_TABLE } from '../src/event-table.ts'

const sorted = (names: readonly string[]): readonly string[] => names.toSorted()

test.for([...createReferencePages().keys()])('docs/reference/%s is what the code says (apps/cli/scripts/write-reference.mjs writes it)', (name, { expect }) => {
  expect(readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8')).toBe(createReferencePages().get(name))
})

test('every code of every package has a row, and every row a code', ({ expect }) => {
  expect(readErrorCodes('packages/store')).toContain('STORE_NO_SPACE')
  expect(sorted(readAllErrorCodes())).toEqual(sorted(Object.keys(ERROR_TABLE)))
})

test('every event of every package has a row, and every row an event', ({ expect }) => {
  expect(readEvents('packages/repository-client').map(({ type }) => type)).toContain('retry')
  expect(sorted([...new Set(readAllEvents().map(({ type }) => type))])).toEqual(sorted(Object.keys(EVENT_TABLE)))
})

test('every key that is read is in the reference, and every key there is read', ({ expect }) => {
  expect(sorted(readableKeys())).toEqual(sorted(KEYS.map(({ key }) => key)))
})

test('every flag and command is on the page of commands', ({ expect }) => {
  const page = createReferencePages().get('cli.md') ?? ''
  for (const command of COMMANDS) {
    expect(page).toContain(`## mirror ${formatCommand(command)}\n`)
    for (const flag of command.flags) expect(page).toContain(`\`--${flag.name}`)
  }
  for (const flag of CAS_SYNC_FLAGS) expect(page).toContain(`\`--${flag.name}`)
})

test('exit codes: each has a meaning and a place in the order, and an unknown error code is a failure', ({ expect }) => {
  expect(sorted(EXIT_ORDER.map(String))).toEqual(sorted(Object.keys(EXIT_MEANINGS)))
  expect(exitOfCode('FROM_ANOTHER_VERSION')).toBe(1)
})
