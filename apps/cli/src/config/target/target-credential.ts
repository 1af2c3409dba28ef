import type { Secret } from '@mirror/core'

/** Who we are to a target. */
export type TargetCredential =
  | { readonly type: 'token'; readonly token: Secret }
  | { readonly type: 'basic'; readonly user: string; readonly password: Secret }
