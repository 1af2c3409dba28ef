import type { LicenceFamily } from './licence-families.ts'

/** A licence with a name of its own. */
export interface KnownLicence {
  /** Its SPDX identifier. */
  readonly id: string
  readonly families: readonly LicenceFamily[]
  /** Other names that channels have for it. Case, spaces, punctuation, `license`, `version` and a last `.0` make no difference. */
  readonly spellings: readonly string[]
}

type Row = readonly [id: string, ...spellings: readonly string[]]

const AGPL: readonly Row[] = [['AGPL-1.0-only'], ['AGPL-1.0-or-later'], ['AGPL-3.0-only', 'AGPL-3', 'AGPLv3'], ['AGPL-3.0-or-later', 'AGPLv3+', 'AGPL (>= 3)']]
const ANY_GPL: readonly Row[] = [['GPL-1.0-only', 'GPLv1'], ['GPL-1.0-or-later', 'GPLv1+', 'GPL (>= 1)']]
const GPL2: readonly Row[] = [
  ['GPL-2.0-only', 'GPL-2', 'GPL2', 'GPLv2', 'GPL v2', 'GNU General Public License version 2'],
  ['GPL-2.0-or-later', 'GPL-2.0+', 'GPLv2+', 'GPL (>= 2)', 'GPL v2 or later'],
]
const GPL3: readonly Row[] = [
  ['GPL-3.0-only', 'GPL-3', 'GPL3', 'GPLv3', 'GPL v3', 'GNU General Public License version 3'],
  ['GPL-3.0-or-later', 'GPL-3.0+', 'GPLv3+', 'GPL (>= 3)', 'GPL v3 or later'],
]
const LGPL: readonly Row[] = [
  ['LGPL-2.0-only', 'LGPL-2', 'LGPLv2'], ['LGPL-2.0-or-later', 'LGPLv2+', 'LGPL (>= 2)'],
  ['LGPL-2.1-only', 'LGPL-2.1', 'LGPL v2.1'], ['LGPL-2.1-or-later', 'LGPL-2.1+', 'LGPL (>= 2.1)'],
  ['LGPL-3.0-only', 'LGPL-3', 'LGPLv3', 'GNU Lesser General Public License v3'], ['LGPL-3.0-or-later', 'LGPLv3+', 'LGPL (>= 3)'],
]
const BSD: readonly Row[] = [
  ['0BSD'], ['BSD-1-Clause'], ['BSD-2-Clause', 'BSD 2', '2-clause BSD', 'Simplified BSD', 'BSD_2_clause', 'FreeBSD'],
  ['BSD-2-Clause-Patent'], ['BSD-2-Clause-Views'],
  ['BSD-3-Clause', 'BSD 3', '3-clause BSD', 'BSD 3-Clauses', 'New BSD', 'Modified BSD', 'Revised BSD', 'Modified BSD License (3-clause)', 'BSD_3_clause',
    'BSD 3-clause New or Revised License', 'BSD-new'],
  ['BSD-3-Clause-Attribution'], ['BSD-3-Clause-Clear'], ['BSD-3-Clause-LBNL'], ['BSD-3-Clause-Modification'], ['BSD-3-Clause-No-Nuclear-License'],
  ['BSD-3-Clause-Open-MPI'], ['BSD-4-Clause', 'BSD 4', '4-clause BSD', 'Original BSD', 'BSD with advertising'], ['BSD-4-Clause-UC'], ['BSD-Protection'],
  ['BSD-Source-Code'], ['bzip2-1.0.6', 'bzip2', 'bzip2-1.0.5'], ['HDF5'], ['TCL', 'Tcl/Tk'],
]
const MIT: readonly Row[] = [
  ['MIT', 'Expat', 'MIT (FOSS)'], ['MIT-0', 'MIT No Attribution'], ['MIT-CMU'], ['MIT-advertising'], ['MIT-enna'], ['MIT-feh'], ['MIT-Modern-Variant'],
  ['MITNFA'], ['X11', 'MIT/X11', 'MIT/X', 'X11 MIT'], ['curl'],
]
const APACHE: readonly Row[] = [
  ['Apache-1.0', 'ASL 1.0'], ['Apache-1.1', 'ASL 1.1'],
  ['Apache-2.0', 'Apache 2', 'Apache v2', 'Apachev2', 'ASL 2.0', 'Apache License, Version 2.0', 'Apache Software License 2.0'], ['OpenSSL', 'OpenSSL Combined License'],
]
const PSF: readonly Row[] = [['PSF-2.0', 'PSF 2', 'PSF2', 'Python Software Foundation License 2'], ['Python-2.0', 'Python 2'], ['Python-2.0.1'], ['CNRI-Python']]
const PUBLIC_DOMAIN: readonly Row[] = [
  ['CC0-1.0', 'CC0', 'CC0 Universal'], ['Unlicense', 'The Unlicense'], ['blessing', 'SQLite'], ['PDDL-1.0'], ['CC-PDDC'], ['SAX-PD'], ['ANTLR-PD'], ['libselinux-1.0'],
]
const MOZILLA: readonly Row[] = [
  ['MPL-1.0'], ['MPL-1.1', 'Mozilla Public License 1.1'], ['MPL-2.0', 'MPL 2', 'MPLv2.0', 'Mozilla Public License 2.0'], ['MPL-2.0-no-copyleft-exception'],
]
const CREATIVE_COMMONS: readonly Row[] = ['BY', 'BY-SA', 'BY-ND', 'BY-NC', 'BY-NC-SA', 'BY-NC-ND']
  .flatMap((kind) => ['1.0', '2.0', '2.5', '3.0', '4.0'].map((version): Row => [`CC-${kind}-${version}`]))

/** Known, and of no family. */
const OTHERS: readonly Row[] = [
  ['AAL'], ['AFL-1.1'], ['AFL-1.2'], ['AFL-2.0'], ['AFL-2.1'], ['AFL-3.0', 'Academic Free License 3'], ['Adobe-2006'], ['APL-1.0'],
  ['APSL-1.0'], ['APSL-1.1'], ['APSL-1.2'], ['APSL-2.0'], ['Artistic-1.0'], ['Artistic-1.0-cl8'], ['Artistic-1.0-Perl', 'Perl Artistic'], ['Artistic-2.0', 'artistic_2'],
  ['Beerware'], ['Bitstream-Vera'], ['BlueOak-1.0.0'], ['BSL-1.0', 'Boost', 'Boost-1.0', 'Boost Software License'], ['BUSL-1.1'], ['CAL-1.0'], ['CATOSL-1.1'], ['CDDL-1.0'],
  ['CDDL-1.1'], ['CECILL-1.0'], ['CECILL-1.1'], ['CECILL-2.0', 'CeCILL-2'], ['CECILL-2.1'], ['CECILL-B'], ['CECILL-C'], ['ClArtistic'], ['CPAL-1.0'], ['CPL-1.0'],
  ['ECL-1.0'], ['ECL-2.0'], ['EFL-1.0'], ['EFL-2.0'], ['Elastic-2.0'], ['Entessa'], ['EPL-1.0', 'EPL v1.0'], ['EPL-2.0'], ['EUDatagrid'],
  ['EUPL-1.0'], ['EUPL-1.1'], ['EUPL-1.2'], ['Fair'], ['FSFAP'], ['FSFUL'], ['FSFULLR'], ['FTL', 'FreeType', 'FreeType License', 'Freetype Project License'],
  ['GD'], ['GFDL-1.1-only'], ['GFDL-1.1-or-later'], ['GFDL-1.2-only'], ['GFDL-1.2-or-later'], ['GFDL-1.3-only'], ['GFDL-1.3-or-later'], ['GL2PS'],
  ['HPND', 'PIL'], ['ICU'], ['IJG'], ['ImageMagick'], ['Info-ZIP'], ['Intel'], ['IPA'], ['IPL-1.0'], ['ISC', 'ISCL'], ['JasPer-2.0', 'JasPer'],
  ['Libpng', 'libpng license'], ['libpng-2.0'], ['libtiff'], ['LPL-1.02'], ['LPPL-1.0'], ['LPPL-1.1'], ['LPPL-1.2'], ['LPPL-1.3a'], ['LPPL-1.3c'],
  ['MirOS'], ['mpich2', 'MPICH'], ['MS-PL'], ['MS-RL'], ['MulanPSL-1.0'], ['MulanPSL-2.0'], ['NAIST-2003'], ['NASA-1.3'], ['NCSA', 'UIUC'], ['NLPL'], ['NPL-1.0'], ['NPL-1.1'],
  ['NTP'], ['ODbL-1.0'], ['ODC-By-1.0'], ['OFL-1.0'], ['OFL-1.1', 'OFL', 'SIL Open Font License 1.1'], ['OGC-1.0'], ['OLDAP-2.8', 'OpenLDAP', 'OpenLDAP Public License'],
  ['OSL-1.0'], ['OSL-1.1'], ['OSL-2.0'], ['OSL-2.1'], ['OSL-3.0'], ['PHP-3.0'], ['PHP-3.01'], ['PolyForm-Noncommercial-1.0.0'], ['PolyForm-Small-Business-1.0.0'],
  ['PostgreSQL'], ['QPL-1.0'], ['RPL-1.5'], ['Ruby'], ['SGI-B-1.0'], ['SGI-B-1.1'], ['SGI-B-2.0', 'SGI-2'], ['SISSL'], ['Sleepycat'], ['SMLNJ'], ['SSPL-1.0'],
  ['Ubuntu-font-1.0', 'Ubuntu Font Licence'], ['UCAR'], ['Unicode-3.0'], ['Unicode-DFS-2015'], ['Unicode-DFS-2016'], ['UPL-1.0'], ['Vim'], ['W3C'], ['Watcom-1.0'],
  ['WTFPL'], ['wxWindows', 'wxWidgets'], ['Xerox'], ['XFree86-1.1'], ['xpp'], ['Zend-2.0'], ['Zlib', 'zlib/libpng'], ['zlib-acknowledgement'],
  ['ZPL-1.1'], ['ZPL-2.0'], ['ZPL-2.1', 'Zope Public', 'Zope Public License'],
]

function ofFamily(family: LicenceFamily, rows: readonly Row[]): readonly KnownLicence[] {
  return rows.map(([id, ...spellings]) => ({ id, families: [family], spellings }))
}

/** The licences that are known by name, and the families they belong to. Families are those that conda-build guesses, or that channels give. */
export const LICENCES: readonly KnownLicence[] = [
  ...ofFamily('AGPL', AGPL), ...ofFamily('GPL', ANY_GPL), ...ofFamily('GPL2', GPL2), ...ofFamily('GPL3', GPL3), ...ofFamily('LGPL', LGPL), ...ofFamily('BSD', BSD),
  ...ofFamily('MIT', MIT), ...ofFamily('Apache', APACHE), ...ofFamily('PSF', PSF), ...ofFamily('Public-Domain', PUBLIC_DOMAIN), ...ofFamily('CC', CREATIVE_COMMONS),
  ...ofFamily('Mozilla', MOZILLA), ...ofFamily('Other', OTHERS),
]

/** Names that stand for an expression. */
export const COMPOUND_LICENCES: readonly { readonly spelling: string; readonly expression: string }[] = [
  { spelling: 'Perl', expression: 'Artistic-1.0-Perl OR GPL-1.0-or-later' },
  { spelling: 'perl_5', expression: 'Artistic-1.0-Perl OR GPL-1.0-or-later' },
]

/** What a record says when it says nothing. */
export const NO_LICENCE: readonly string[] = ['None', 'Unknown', 'Unspecified', 'NOASSERTION', 'N/A']
