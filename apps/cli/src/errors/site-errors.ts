import type { ErrorRow } from './error-row.ts'

/** What the codes of finding a target, and who we are there, mean. */
export const SITE_ERRORS: Readonly<Record<'TARGET_INVALID' | 'SITE_UNKNOWN' | 'SITE_UNDECIDED' | 'NOT_LOGGED_IN', ErrorRow>> = {
  TARGET_INVALID: {
    exit: 2,
    meaning: 'What names the server and channel to upload to cannot be read.',
    cause: 'A typing error, or a password or token in it, which would end in the history of a shell.',
    advice: 'Write it as `KIND+https://HOST/CHANNEL`; the message names the kinds.',
  },
  SITE_UNKNOWN: {
    exit: 2,
    meaning: 'A site is named that the configuration of anaconda-client does not have. Nothing was sent anywhere.',
    cause: 'A typing error in `dest_site` or `default_site`, or a configuration of another user.',
    advice: 'Use one that the message lists, or add it: `anaconda config --set sites.NAME.url URL`.',
  },
  SITE_UNDECIDED: {
    exit: 2,
    meaning: 'Nothing says which repository is to be uploaded to.',
    cause: 'Neither `dest_site` nor the `default_site` of anaconda-client is set. The public anaconda.org is never assumed.',
    advice: 'Set `dest_site`; `dest_site: anaconda` is the public one.',
  },
  NOT_LOGGED_IN: {
    exit: 2,
    meaning: 'There is no token for the repository that is to be uploaded to.',
    cause: 'Nobody logged in on this machine, or it was another user.',
    advice: 'Log in as the hint says, or give the token in `BINSTAR_API_TOKEN`.',
  },
}
