// The page of docs/reference about licences, from the tables of the selection.
import { COMPOUND_LICENCES, type KnownLicence, LICENCE_FAMILIES, LICENCES } from '@mirror/selection'

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string

const code = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ')

function describeFamily(name: string): readonly (readonly string[])[] {
  return LICENCES.filter(({ families }) => families.some((family) => family === name)).map(({ id, spellings }: KnownLicence) => [code([id]), code(spellings), name])
}

/** docs/reference/licences.md. */
export function createLicencesPage(note: string, table: Table): string {
  return `# Licences

${note}
\`license_blacklist\` leaves out packages by their licence. Each of its entries is a family of the first table, or a licence of the second one by its SPDX identifier or another
spelling, in any case; \`LicenseRef-…\` is taken as it is. A family leaves out every licence that belongs to it, a licence itself alone: \`GPL-3.0-only\` does not leave out
\`GPL-3.0-or-later\`.

\`\`\`yaml
license_blacklist: [GPL, AGPL, Proprietary, SSPL-1.0]
\`\`\`

## What decides

1. The \`license_family\` of the record: if it is on the list, the record is left out, whatever its \`license\` says.
2. The \`license\` of the record, as an SPDX expression. Of \`A AND B\` either is enough; of \`A OR B\` both have to be unwanted, since one may choose. \`AND\` binds tighter than
   \`OR\`. An exception (\`WITH …\`) belongs to its licence: \`GPL-3.0-only WITH GCC-exception-3.1\` is of the family GPL3.
3. "Or later" is no choice between families: \`GPL-2.0-or-later\` belongs to GPL2 alone. So it stays when only GPL3 is unwanted, for it may be taken under 2.
4. \`GPL\` without a version belongs to GPL; \`GPL2\` and \`GPL3\` together leave it out too.
5. What no table knows is looked through for names that are families (\`MIT-like\`, \`proprietary - Somebody\`); all that are found count. If there is none it is \`Other\`, and
   \`None\` if nothing is stated, unless \`license_family\` names a family.

Before there were SPDX expressions, people wrote what they liked. These are read as well: \`and\`, \`&\`, \`+\`, a comma and a semicolon as AND, \`or\` and \`|\` as OR, and a comma
binds loosest; \`GPL (>= 2)\` and \`GPLv2+\` as or-later; other words in parentheses as a remark, which counts when it names a licence. \`file LICENSE\` of R is read over.

\`mirror explain\` tells which rule left a package out; \`whitelist\` adds one back by its name.

## Families

All but \`GPL\`, \`CC\`, \`Mozilla\` and \`None\` are those that cas-mirror had. The last three came to conda-build later, and were \`Other\` before.

${table(['family', 'what belongs to it', 'leaves out with it'], LICENCE_FAMILIES.map(({ name, meaning, includes }) => [code([name]), meaning, code(includes)]))}

## Licences

Case, spaces, punctuation, the words \`license\`, \`version\` and \`GNU\`, a \`v\` before a number and a \`.0\` at the end make no difference, so not every spelling is listed.

${table(['SPDX identifier', 'other spellings', 'family'], LICENCE_FAMILIES.flatMap(({ name }) => describeFamily(name)))}

${COMPOUND_LICENCES.map(({ spelling, expression }) => `\`${spelling}\` stands for \`${expression}\`.`).join(' ')}
`
}
