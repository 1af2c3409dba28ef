import type { ChannelDescription } from '@mirror/test-fixtures'

/** Two subdirs, both formats, all variants. */
export const SMALL: ChannelDescription = {
  subdirs: {
    noarch: [{ name: 'alpha' }, { name: 'beta', depends: ['alpha'], format: 'both' }],
    'linux-64': [{ name: 'gamma', depends: ['beta >=1'] }, { name: 'delta', format: 'tar.bz2', size: 30_000 }, { name: 'epsilon', version: '2.0' }],
  },
  index: { variants: ['zst'] },
}
