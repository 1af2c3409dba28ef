import type { ServerErrorCode } from '@mirror/server'
import type { ErrorRow } from './error-row.ts'

/** What the codes of the server mean. */
export const SERVER_ERRORS: Readonly<Record<ServerErrorCode, ErrorRow>> = {
  SERVER_ADDRESS: {
    exit: 1,
    meaning: 'The server cannot listen to the address that it was given.',
    cause: 'Something else listens there, the port needs more rights, or this machine does not have the address.',
    advice: 'Choose another with `--port` or `--host`.',
  },
  ACCESS_INVALID: {
    exit: 2,
    meaning: 'A file of tokens or users that the server goes by cannot be used.',
    cause: 'It is absent, the server may not read it, or a line is wrong: the message names it. Passwords that are not kept as bcrypt are refused.',
    advice: '`mirror token new` makes tokens, `htpasswd -B` passwords.',
  },
  TLS_INVALID: {
    exit: 2,
    meaning: 'The certificate of the server, or its key, cannot be used.',
    cause: 'A file that is absent or no PEM, a key under a passphrase, or one that belongs to another certificate.',
    advice: 'Correct the file that the message names. While a server runs, it goes on with the certificate from before.',
  },
}
